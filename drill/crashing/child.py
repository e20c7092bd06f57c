"""`python -m drill.crashing.child PARENT USER PROGRAM …`: becomes a program that does not outlive the drill."""

import os
import pwd
import sys

from core.processes import die_with_parent


def become(parent_id: int, user: str, command: list[str]) -> None:
    """Give up root where a user is named, tie this process to its parent and turn into the program."""
    if user:
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    die_with_parent(parent_id)  # after the change of user, which the kernel lets it not survive
    os.execv(command[0], command)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
