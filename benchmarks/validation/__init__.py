"""What `make validate` writes: reference numbers beside ours, and how intervals behave where the truth is known."""
