#!/bin/sh
# A program that tests put on PATH under the name of another one, by a symbolic link. What it does is in the file
# `behaviour` beside the link. It is never written while tests run: a file open for writing cannot be executed, and a
# child that was just forked by another test may hold it open.
here=${0%/*}
printf '%s\n' "$*" >>"$here/calls"
. "$here/behaviour"
