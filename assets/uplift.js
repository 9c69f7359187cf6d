// Every page works without this file: it adds the behaviour of
// govuk-frontend's components where the browser supports it.
import {
  Accordion,
  Button,
  CharacterCount,
  Checkboxes,
  ErrorSummary,
  NotificationBanner,
  PasswordInput,
  Radios,
  ServiceNavigation,
  SkipLink,
  Tabs,
  createAll,
} from "govuk-frontend";

document.body.classList.add("js-enabled", "govuk-frontend-supported");

// Long panels start closed on a narrow screen, where they would push the page's subject out of sight
if (window.matchMedia("(max-width: 640px)").matches) {
  for (const panel of document.querySelectorAll("details[data-closed-on-narrow]")) panel.open = false;
}

const components = [
  Accordion,
  Button,
  CharacterCount,
  Checkboxes,
  ErrorSummary,
  NotificationBanner,
  PasswordInput,
  Radios,
  ServiceNavigation,
  SkipLink,
  Tabs,
];

const start = (scope) => components.forEach((component) => createAll(component, undefined, scope));

start(document);
document.body.addEventListener("htmx:afterSwap", (event) => start(event.detail.target));
