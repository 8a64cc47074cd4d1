"""The options of `create`."""

from __future__ import annotations

import argparse
from pathlib import Path

from .option_values import degrees, npz_path, number_of_pictures, png_path, positive_seconds

COLOURINGS = ("place", "sigma", "none")
"""As in `localized`."""
MOST_PICTURES = 60
"""More of them teach little, and each has to be looked at."""


def add_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", type=Path, nargs="+", metavar="INPUT", help="photos, folders of photos, films")
    parser.add_argument("-o", "--output", type=npz_path, required=True, metavar="AVATAR.npz", help="what to write")
    parser.add_argument(
        "--refine", type=positive_seconds, metavar="SECONDS", help="then refine it; the file is kept up to date"
    )
    parser.add_argument(
        "--from", dest="base", type=npz_path, metavar="AVATAR.npz", help="refine this avatar with the pictures"
    )
    parser.add_argument(
        "--most", type=number_of_pictures, default=MOST_PICTURES, metavar="N",
        help=f"use the N best and most different pictures ({MOST_PICTURES})",
    )  # fmt: skip
    parser.add_argument("--fov", type=degrees, metavar="DEGREES", help="field of view over the longer side; 55")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="of the network, as train-prior makes them")
    parser.add_argument("--without-prior", action="store_true", help="begin with the pictures alone")
    parser.add_argument(
        "--holdout", type=number_of_pictures, metavar="N", help="keep the last N pictures to judge with"
    )
    parser.add_argument("--report", type=Path, metavar="R.json", help="write how well those are met while refining")
    parser.add_argument("--report-masks", type=Path, metavar="FOLDER", help="write where in them it was judged")
    parser.add_argument(
        "--no-comparison", action="store_true", help="leave out the report's second run, without the prior"
    )
    parser.add_argument("--overlay", type=png_path, metavar="OUT.png", help="draw what was found over a picture")
    parser.add_argument(
        "--overlay-colours", choices=COLOURINGS, default="place", help="what the overlay's colours mean (place)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write how it went (- for standard output)")


def check_create(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    files = (*options.inputs, options.output, options.overlay, options.json, options.report)
    named = [path.resolve() for path in files if path is not None and path != Path("-")]
    if len(set(named)) < len(named):
        parser.error("the pictures and what is written must be files of their own")
    if (options.report is None) != (options.holdout is None):
        parser.error("--report judges by the pictures that --holdout N keeps: give both")
    if options.report is None and (options.report_masks is not None or options.no_comparison):
        parser.error("--report-masks and --no-comparison are for --report")
    if options.base is not None and options.refine is None:
        parser.error("--from needs --refine SECONDS")
    if options.base is not None and (options.without_prior or options.weights or options.overlay):
        parser.error("--from goes on with an avatar: leave out --without-prior, --weights and --overlay")
