"""What `./run drill crash` is made of: servers that may be killed, people who use them, what they were promised."""
