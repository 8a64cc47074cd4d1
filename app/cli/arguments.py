"""What can be said on the command line; needs nothing but the standard library, so help and version come at once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from .create_arguments import add_create, check_create
from .option_values import (
    color,
    degrees,
    export_path,
    index,
    joint_rotation,
    minutes,
    named_value,
    npz_path,
    number,
    positive_seconds,
    rate,
    seconds,
    setting,
    share,
    size,
    splat_size,
)

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv")
"""As in `storage.video`."""
FRAMES = ("body", "head", "hands", "left hand", "right hand")
"""As in `scene`."""

MODES = ("splats", "points", "rings", "depth", "normals", "parts", "mesh")
MESH_LAYERS = ("off", "under", "over")
MESH_STYLES = ("shaded", "wireframe", "both")
"""As in `rendering.display`."""

PARTS = ("face", "upper", "whole")
TRACKERS = ("landmarks", "nlf")
"""As in `tracking.tracker_settings`."""

TRAINING_PRESETS = ("cpu-small", "gpu", "cluster")
"""As in `distillation.settings`."""

_AVATAR_HELP = "a project (.nlfgs), an avatar (NPZ, rigged PLY), a splat file (PLY), or `default`"
_RENDERER_HELP = "what draws: auto (the default), cpu, ... as `nlfgs-studio doctor` lists them"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of one call, the command in `command`; ends the process on --help, --version and bad usage."""
    arguments = _joined(arguments)
    parser, commands = _parser()
    if not arguments or (arguments[0] not in commands and arguments[0] not in {"-h", "--help", "--version"}):
        arguments.insert(0, "open")
    options = parser.parse_args(arguments)
    if options.command == "render":
        _check_render(parser, options)
    if options.command == "open" and options.motion is not None and options.source is not None:
        parser.error("either --motion or --source moves the avatar")
    if options.command == "create":
        check_create(parser, options)
    if options.command == "train-prior":
        _check_train_prior(parser, options)
    if options.command == "track" and options.tracker == "nlf" and options.parts == "face":
        parser.error("--tracker nlf finds the body: let --parts be upper or whole")
    if options.command == "export" and options.frame and options.motion is None:
        parser.error("--frame is a frame of --motion")
    return options


def _joined(arguments: Sequence[str]) -> list[str]:
    """`--up -y` as `--up=-y`: argparse would take the axis for an option."""
    joined: list[str] = []
    for argument in arguments:
        if argument == "-y" and joined and joined[-1] == "--up":
            joined[-1] = "--up=-y"
        else:
            joined.append(argument)
    return joined


def _parser() -> tuple[argparse.ArgumentParser, tuple[str, ...]]:
    parser = argparse.ArgumentParser(
        prog="nlfgs-studio",
        description="Make, drive and export 3D Gaussian avatars on an SMPL-X body, with or without a GPU.",
        usage="%(prog)s [AVATAR] [options]  |  %(prog)s COMMAND ...",
        epilog="Without a command the window opens, with the options of `open`; `COMMAND --help` says more.",
    )
    parser.add_argument("--version", action="version", version=f"nlfgs-studio {version('nlfgs-studio')}")
    commands = parser.add_subparsers(prog="nlfgs-studio", dest="command", metavar="COMMAND", required=True)
    _add_open(commands.add_parser("open", help="open the window (this is what happens without a command)"))
    _add_render(commands.add_parser("render", help="render an avatar to a picture or a film"))
    _add_export(commands.add_parser("export", help="write an avatar as PLY, NPZ or project"))
    _add_people(commands.add_parser("people", help="draw people by number, side by side in one picture"))
    add_create(commands.add_parser("create", help="make an avatar from photos and films, and refine it"))
    _add_track(commands.add_parser("track", help="turn a camera, film, folder or photo into a motion"))
    _add_train_prior(
        commands.add_parser("train-prior", help="teach the photo network with made-up people, or judge it")
    )
    bench = commands.add_parser("bench", help="measure what this machine reaches, stage by stage")
    bench.add_argument("--json", type=Path, metavar="FILE", help="also write the figures (- for standard output)")
    bench.add_argument("--markdown", type=Path, metavar="FILE", help="also write them as a page to read")
    bench.add_argument(
        "--from", dest="figures", type=Path, metavar="FILE", help="read such a JSON file, measure nothing"
    )
    bench.add_argument("--growth", action="store_true", help="also measure 10,000 to 1,000,000 Gaussians (minutes)")
    doctor = commands.add_parser("doctor", help="say what was found on this machine and what each lack costs")
    doctor.add_argument("--json", type=Path, nargs="?", const=Path("-"), metavar="FILE", help="as JSON instead")
    doctor.add_argument("--clear-cache", action="store_true", help="remove what can be made again, then end")
    return parser, tuple(commands.choices)


def _add_open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("avatar", nargs="?", default="default", metavar="AVATAR", help=_AVATAR_HELP)
    parser.add_argument("--motion", type=Path, metavar="FILE", help="play this motion (NPZ)")
    parser.add_argument(
        "--source", metavar="SOURCE", help="drive the avatar: camera:0, a film, a folder of pictures, or a photo"
    )
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="save the window as a PNG and end")
    parser.add_argument("--size", type=size, metavar="WxH", help="of the window, in pixels")
    parser.add_argument("--renderer", default="auto", help=_RENDERER_HELP)
    parser.add_argument(
        "--no-interop", action="store_true", help="bring CUDA's pictures to the window through the host's memory"
    )


def _add_people(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png", help="what to write")
    parser.add_argument("--count", type=int, default=32, help="how many people (32)")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N", help="the number of the first one (0)")
    parser.add_argument("--columns", type=int, default=8, help="people beside each other (8)")
    parser.add_argument("--cell", type=int, default=360, metavar="PIXELS", help="height of one person's cell (360)")
    parser.add_argument(
        "--photos", action="store_true", help="as photographs for the network to learn from, each beside its truth"
    )
    parser.add_argument("--renderer", default="auto", help=_RENDERER_HELP)


def _add_track(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="camera:0, a film, a folder of pictures or a photo")
    parser.add_argument("-o", "--output", type=npz_path, required=True, metavar="OUT.npz", help="what to write")
    parser.add_argument(
        "--avatar", metavar="AVATAR", help="fit the motion to this one's bones; to the person's own unless told"
    )
    parser.add_argument("--identity", choices=("tracked",), help="the person's own shape in spite of --avatar")
    parser.add_argument("--parts", choices=PARTS, default="whole", help="what to follow (whole)")
    parser.add_argument(
        "--tracker", choices=TRACKERS, default="landmarks", help="what finds the body: landmarks, or the network too"
    )
    parser.add_argument("--fov", type=degrees, metavar="DEGREES", help="field of view over the longer side; 55")
    parser.add_argument("--mirror", action="store_true", help="swap left and right, as in a mirror")
    parser.add_argument("--smoothing", type=share, metavar="0..1", help="0 as seen, 1 the calmest and latest")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write how it went (- for standard output)")


def _add_train_prior(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="of the training; with --evaluate also a weights file (shipped one)"
    )
    parser.add_argument("--preset", choices=TRAINING_PRESETS, help="for which machine (cpu-small)")
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="NAME=VALUE",
                        help="change a setting, as in learning_rate=5e-4; may be repeated")  # fmt: skip
    parser.add_argument("--steps", type=int, metavar="N", help="length of the whole training")
    parser.add_argument("--minutes", type=minutes, metavar="M", help="end after this time, whatever the steps are")
    parser.add_argument("--seed", type=int, metavar="S", help="of the people and of the first weights (0)")
    parser.add_argument(
        "--resume", type=Path, nargs="?", const=Path(), metavar="CHECKPOINT", help="go on; from the folder's newest"
    )
    parser.add_argument(
        "--download", action="store_true", help="allow to fetch a public encoder, once (needs internet)"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="what to compute on (auto)")
    parser.add_argument("--threads", type=int, metavar="N", help="of the processor, for the network")
    parser.add_argument("--evaluate", action="store_true", help="measure weights on people that were never trained on")
    parser.add_argument("--people", type=int, metavar="N", help="how many people to measure on (64)")
    parser.add_argument(
        "--from", dest="figures", type=Path, metavar="FILE", help="read such a JSON file instead of judging anew"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures (- for standard output)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write them as a page to read")


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("avatar", metavar="AVATAR", help=_AVATAR_HELP)
    _add_stand_in(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png|.mp4", help="what to write")
    parser.add_argument("--motion", type=Path, metavar="FILE", help="put this motion (NPZ) on the avatar")
    parser.add_argument("--at", type=seconds, default=0.0, metavar="SECONDS", help="which moment, for a picture")
    parser.add_argument(
        "--camera", choices=("motion", "project"), help="see as the motion was filmed, or as the project was looked at"
    )
    parser.add_argument(
        "--use-motion-betas", action="store_true", help="give the avatar the shape of the motion's person"
    )
    parser.add_argument(
        "--identity", choices=("tracked",), dest="use_motion_betas", help="tracked: the same as --use-motion-betas"
    )
    parser.add_argument("--turntable", action="store_true", help="turn once around the avatar (film)")
    parser.add_argument("--frame", choices=FRAMES, default="body", help="what fills the picture")
    parser.add_argument(
        "--yaw", type=number, default=0.0, metavar="DEGREES", help="seen from the front, or from its left"
    )
    parser.add_argument("--pitch", type=number, default=0.0, metavar="DEGREES", help="seen from above")
    _add_pose(parser)
    parser.add_argument("--size", type=size, metavar="WxH", help="in pixels; 1024x1024 unless told")
    parser.add_argument("--renderer", default="auto", help=_RENDERER_HELP)
    parser.add_argument("--background", type=color, metavar="#RRGGBB", help="colour behind the avatar")
    parser.add_argument("--transparent", action="store_true", help="leave the background out (picture)")
    _add_display(parser)
    parser.add_argument(
        "--samples", type=int, choices=(1, 2, 3, 4), default=1, help="of each pixel along a side: smoother (picture)"
    )
    parser.add_argument("--fps", type=rate, metavar="RATE", help="pictures a second; the motion's, at most 30")
    parser.add_argument(
        "--seconds", type=positive_seconds, metavar="S", help="length of the film; the motion's, or 4 for a turn"
    )


def _add_display(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--background-image", type=Path, metavar="FILE", help="a picture behind the avatar")
    parser.add_argument("--mode", choices=MODES, default="splats", help="what stands for the Gaussians")
    parser.add_argument("--mesh", choices=MESH_LAYERS, default="off", help="draw the mesh under or over them")
    parser.add_argument("--mesh-style", choices=MESH_STYLES, default="shaded", help="how the mesh looks")
    parser.add_argument("--floor", action="store_true", help="a floor with a soft shadow under the feet")
    parser.add_argument("--grid", action="store_true", help="lines on the floor, 25 cm apart")
    parser.add_argument("--fov", type=degrees, metavar="DEGREES", help="field of view from top to bottom; 30")
    parser.add_argument("--splat-size", type=splat_size, metavar="SCALE", help="of the Gaussians; 1")
    parser.add_argument("--sh-degree", type=int, choices=(0, 1, 2, 3), help="how much colours may turn; 3")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("avatar", metavar="AVATAR", help=_AVATAR_HELP)
    _add_stand_in(parser)
    parser.add_argument(
        "-o", "--output", type=export_path, required=True, metavar="OUT.ply|.npz|.nlfgs", help="what to write"
    )
    parser.add_argument("--rigged", action="store_true", help="keep the binding, so that the PLY opens as an avatar")
    parser.add_argument("--motion", type=Path, metavar="FILE", help="take the pose from this motion (NPZ)")
    parser.add_argument("--frame", type=index, default=0, metavar="N", help="which frame of the motion, from 0")
    _add_pose(parser)
    parser.add_argument("--up", choices=("y", "-y", "z"), default="y", help="the axis that points up in the PLY")


def _add_stand_in(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stand-in", action="store_true", help="put an avatar whose body is missing on one that fits")


def _add_pose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pose-preset", metavar="NAME", help="a pose that has a name, such as Wave or Seated")
    parser.add_argument("--expression-preset", metavar="NAME", help="a face that has a name, such as Happy")
    parser.add_argument(
        "--pose",
        type=joint_rotation,
        action="append",
        default=[],
        metavar="JOINT=X,Y,Z",
        help="turn a joint: axis-angle in degrees, as in left_elbow=0,-90,0; may be repeated",
    )
    parser.add_argument(
        "--expression",
        type=named_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="strength of an action of the face, or of a blendshape such as lipsPucker=0.6; may be repeated",
    )


def _check_render(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    suffix = options.output.suffix.lower()
    film = suffix in VIDEO_SUFFIXES
    if suffix != ".png" and not film:
        parser.error(f"cannot render to {options.output.name}: let it end in .png or {', '.join(VIDEO_SUFFIXES)}")
    if not film and (options.turntable or options.fps is not None or options.seconds is not None):
        parser.error("--turntable, --fps and --seconds are for films: let the output end in .mp4")
    if film and options.transparent:
        parser.error("films have no transparency: let the output end in .png")
    if film and options.at:
        parser.error("--at is for pictures: a film shows the whole motion")
    if options.camera == "motion" and options.motion is None:
        parser.error("--camera motion needs --motion")
    if options.use_motion_betas and options.motion is None:
        parser.error("--use-motion-betas and --identity need --motion")
    if options.camera == "motion" and options.turntable:
        parser.error("either --camera motion or --turntable")
    if options.camera == "project" and not options.avatar.lower().endswith(".nlfgs"):
        parser.error("--camera project needs a project")


_OF_TRAINING = ("preset", "set", "steps", "minutes", "seed", "resume", "download", "device")
_OF_JUDGING = ("people", "figures", "json", "markdown")


def _check_train_prior(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    out_of_place = _OF_TRAINING if options.evaluate else _OF_JUDGING
    values = {name: getattr(options, name) for name in out_of_place}
    given = [name for name, value in values.items() if value is not None and value is not False and value != []]
    if given:
        name = "from" if given[0] == "figures" else given[0]
        parser.error(f"--{name} is {'not for' if options.evaluate else 'for'} --evaluate")
    if not options.evaluate and options.out is None:
        parser.error("--out names the folder of the training")
    if options.figures is not None and (options.out is not None or options.people is not None):
        parser.error("--from reads figures that are there: leave out --out and --people")
    if options.resume is not None and options.preset is not None:
        parser.error("--resume goes on with the training's own settings: leave out --preset; --set changes them")
    if any(count is not None and count < 1 for count in (options.people, options.threads)):
        parser.error("--people and --threads are 1 or more")
