"""One suite for every client of Parley: scripted groups, and what a client has to make of them. See README.md."""
