"""What `make run` starts: the window, or, where there is no display, a picture of the avatar."""

import sys

from nlfgs_studio.app import cli, doctor


def main() -> int:
    avatar = sys.argv[1] if len(sys.argv) > 1 else "default"
    problem = doctor.display_problem()
    if problem is None:
        return cli.main([avatar])
    print(f"No window can be opened: {problem}", file=sys.stderr)
    print("The avatar is drawn into avatar.png instead.", file=sys.stderr)
    return cli.main(["render", avatar, "-o", "avatar.png"])


if __name__ == "__main__":
    sys.exit(main())
