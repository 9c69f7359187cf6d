"""Addresses of saved searches and short lists."""

from django.urls import path

from evaluations.saved.views import searches, short_lists

urlpatterns = [
    path("saved-searches/", searches.searches, name="saved-searches"),
    path("saved-searches/new/", searches.search_new, name="saved-search-new"),
    path("saved-searches/<int:pk>/", searches.search, name="saved-search"),
    path("saved-searches/<int:pk>/seen/", searches.search_seen, name="saved-search-seen"),
    path("saved-searches/<int:pk>/new-feed/", searches.search_renew, name="saved-search-renew"),
    path("saved-searches/<int:pk>/delete/", searches.search_delete, name="saved-search-delete"),
    path("saved-searches/feed/<str:token>/", searches.search_feed, name="saved-search-feed"),
    path("saved-searches/unsubscribe/<str:token>/", searches.search_unsubscribe, name="search-unsubscribe"),
    path("short-lists/", short_lists.short_lists, name="short-lists"),
    path("short-lists/add/", short_lists.add, name="short-list-add"),
    path("short-lists/<int:pk>/", short_lists.short_list, name="short-list"),
    path("short-lists/<int:pk>/brief/", short_lists.own_brief, name="short-list-own-brief"),
    path("short-lists/<int:pk>/share/", short_lists.share, name="short-list-share"),
    path("short-lists/<int:pk>/link/", short_lists.link, name="short-list-open-link"),
    path("short-lists/<int:pk>/delete/", short_lists.delete, name="short-list-delete"),
    path("short-lists/<int:pk>/items/<int:item_pk>/", short_lists.item_change, name="short-list-item"),
    path("short-lists/link/<str:token>/", short_lists.linked, name="short-list-link"),
]
