"""Drawing: tables and charts as text. Pure Python; imports nothing of ours."""
