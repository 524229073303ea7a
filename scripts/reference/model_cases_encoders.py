"""The encoders' cases of models_fixture.py."""
import torch
from model_case import Case
from transformers import (
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    CamembertForMaskedLM,
    DebertaV2ForMaskedLM,
    DebertaV2ForQuestionAnswering,
    DebertaV2ForSequenceClassification,
    DistilBertForMaskedLM,
    DistilBertForQuestionAnswering,
    DistilBertForSequenceClassification,
    RobertaForMaskedLM,
    RobertaForQuestionAnswering,
    RobertaForSequenceClassification,
    XLMRobertaForSequenceClassification,
)

SMALL = dict(hidden_size=16, num_hidden_layers=2, intermediate_size=28)
WIDER = dict(hidden_size=24, num_hidden_layers=2, intermediate_size=40)
SQUAT = dict(hidden_size=32, num_hidden_layers=2, intermediate_size=20)
BERT = dict(SMALL, vocab_size=41, num_attention_heads=2, max_position_embeddings=11)
ROBERTA = dict(SMALL, vocab_size=43, num_attention_heads=4, max_position_embeddings=12, type_vocab_size=1)
DISTILBERT = dict(vocab_size=45, dim=16, n_layers=2, n_heads=4, hidden_dim=28, max_position_embeddings=12)
# As DeBERTa-v3 has them, but for sizes: distances of 7 tokens are not all told apart by 4 buckets either way.
DEBERTA = dict(
    SMALL,
    vocab_size=49,
    num_attention_heads=2,
    max_position_embeddings=16,
    type_vocab_size=0,
    relative_attention=True,
    position_buckets=4,
    norm_rel_ebd="layer_norm",
    share_att_key=True,
    pos_att_type="p2c|c2p",
    position_biased_input=False,
)

CASES = {
    "bert-classification": Case(BertForSequenceClassification, dict(BERT, num_labels=3)),
    "roberta-classification": Case(RobertaForSequenceClassification, dict(ROBERTA, num_labels=2)),
    "bert-regression": Case(BertForSequenceClassification, dict(BERT, num_labels=1, problem_type="regression")),
    "bert-mlm": Case(BertForMaskedLM, dict(BERT, vocab_size=47)),
    "roberta-mlm": Case(RobertaForMaskedLM, dict(ROBERTA, vocab_size=53)),
    # Positions run from pad_token_id + 1, so 13 is the least that 7 tokens fit in.
    "roberta-relu": Case(
        RobertaForSequenceClassification,
        dict(
            ROBERTA | WIDER,
            num_attention_heads=3,
            hidden_act="relu",
            pad_token_id=5,
            max_position_embeddings=13,
            type_vocab_size=2,
            num_labels=2,
        ),
    ),
    "bert-gelu-new": Case(
        BertForSequenceClassification,
        dict(
            BERT | WIDER,
            num_attention_heads=4,
            hidden_act="gelu_new",
            type_vocab_size=3,
            layer_norm_eps=1e-5,
            num_labels=5,
        ),
    ),
    "bert-silu": Case(
        BertForSequenceClassification, dict(BERT | SQUAT, num_attention_heads=4, hidden_act="silu", num_labels=2)
    ),
    "distilbert-classification": Case(DistilBertForSequenceClassification, dict(DISTILBERT, num_labels=3)),
    "distilbert-mlm": Case(
        DistilBertForMaskedLM, dict(DISTILBERT, dim=24, n_heads=3, n_layers=1, activation="relu", vocab_size=37)
    ),
    "roberta-float16": Case(RobertaForSequenceClassification, dict(ROBERTA, num_labels=2), dtype=torch.float16),
    "bert-bfloat16": Case(BertForSequenceClassification, dict(BERT, num_labels=3), dtype=torch.bfloat16),
    "bert-sharded": Case(BertForSequenceClassification, dict(BERT, num_labels=2), shard="8KB"),
    "bert-headless": Case(BertForSequenceClassification, dict(BERT, num_labels=2), saved=BertModel),
    # As the oldest BERT checkpoints are: norms named gamma and beta, and a next-sentence head that nothing here uses.
    "bert-legacy-names": Case(
        BertForMaskedLM,
        dict(BERT, vocab_size=47),
        renamed={"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"},
        extra={"cls.seq_relationship.weight": (2, 16), "cls.seq_relationship.bias": (2,)},
    ),
    "bert-qa": Case(BertForQuestionAnswering, BERT),
    "roberta-qa": Case(RobertaForQuestionAnswering, dict(ROBERTA, pad_token_id=3, max_position_embeddings=14)),
    "distilbert-qa": Case(DistilBertForQuestionAnswering, DISTILBERT),
    "xlm-roberta-classification": Case(XLMRobertaForSequenceClassification, dict(ROBERTA, num_labels=2)),
    "camembert-mlm": Case(CamembertForMaskedLM, dict(ROBERTA, vocab_size=39)),
    "deberta-v2-classification": Case(DebertaV2ForSequenceClassification, dict(DEBERTA, num_labels=3)),
    # One bucket for all distances to each side, and segments.
    "deberta-v2-regression": Case(
        DebertaV2ForSequenceClassification,
        dict(
            DEBERTA | WIDER,
            num_attention_heads=3,
            position_buckets=2,
            type_vocab_size=2,
            pooler_hidden_act="tanh",
            layer_norm_eps=1e-5,
            num_labels=1,
            problem_type="regression",
        ),
    ),
    "deberta-v2-mlm": Case(DebertaV2ForMaskedLM, dict(DEBERTA, vocab_size=47, position_buckets=6)),
    "deberta-v2-lm-head": Case(DebertaV2ForMaskedLM, dict(DEBERTA, vocab_size=37, hidden_act="gelu_new", legacy=False)),
    # Distances as they are, those of more than 3 tokens being one; projections of the distances' own; positions and segments.
    "deberta-v2-distances": Case(
        DebertaV2ForSequenceClassification,
        dict(
            DEBERTA | SQUAT,
            num_attention_heads=4,
            position_buckets=-1,
            max_relative_positions=3,
            norm_rel_ebd="none",
            share_att_key=False,
            position_biased_input=True,
            type_vocab_size=2,
            hidden_act="relu",
            num_labels=2,
        ),
    ),
    "deberta-v2-content-to-position": Case(
        DebertaV2ForSequenceClassification,
        dict(DEBERTA, pos_att_type=["c2p"], share_att_key=False, max_relative_positions=6, pad_token_id=2, num_labels=2),
    ),
    "deberta-v2-position-to-content": Case(
        DebertaV2ForSequenceClassification, dict(DEBERTA, pos_att_type=["p2c"], share_att_key=False, num_labels=2)
    ),
    # Attention to contents alone.
    "deberta-v2-absolute": Case(
        DebertaV2ForSequenceClassification,
        dict(
            DEBERTA,
            relative_attention=False,
            pos_att_type=None,
            norm_rel_ebd="none",
            position_biased_input=True,
            type_vocab_size=1,
            num_labels=2,
        ),
    ),
    "deberta-v2-qa": Case(DebertaV2ForQuestionAnswering, dict(DEBERTA, vocab_size=43)),
}
