"""The encoder-decoders' cases of models_fixture.py."""
from model_case import Case
from transformers import (
    BartForConditionalGeneration,
    BartForQuestionAnswering,
    BartForSequenceClassification,
    BartModel,
    T5ForConditionalGeneration,
)

BART = dict(
    vocab_size=37,
    d_model=16,
    encoder_layers=2,
    encoder_attention_heads=2,
    encoder_ffn_dim=28,
    decoder_layers=2,
    decoder_attention_heads=4,
    decoder_ffn_dim=20,
    max_position_embeddings=11,
)
# Heads that are together wider than the model, and distances of 7 tokens that are not all told apart.
T5 = dict(
    vocab_size=40,
    d_model=16,
    d_kv=6,
    d_ff=28,
    num_layers=2,
    num_heads=3,
    relative_attention_num_buckets=8,
    relative_attention_max_distance=6,
    decoder_start_token_id=0,
)

CASES = {
    "bart-classification": Case(BartForSequenceClassification, dict(BART, num_labels=3)),
    # Embeddings under another of their names, as a checkpoint of tied tensors may have them.
    "bart-regression": Case(
        BartForSequenceClassification,
        dict(
            BART,
            d_model=24,
            encoder_layers=1,
            encoder_attention_heads=3,
            decoder_layers=1,
            decoder_attention_heads=6,
            activation_function="gelu_new",
            num_labels=1,
            problem_type="regression",
        ),
        renamed={"model.shared.": "model.decoder.embed_tokens."},
    ),
    "bart-qa": Case(BartForQuestionAnswering, dict(BART, encoder_layers=1)),
    "bart-generation": Case(BartForConditionalGeneration, BART),
    "bart-scaled": Case(
        BartForConditionalGeneration,
        dict(
            BART,
            vocab_size=43,
            encoder_layers=1,
            decoder_layers=3,
            scale_embedding=True,
            activation_function="relu",
            pad_token_id=3,
            bos_token_id=6,
            eos_token_id=5,
            decoder_start_token_id=4,
        ),
        saved=BartModel,
        target_mask=True,
    ),
    "t5-generation": Case(T5ForConditionalGeneration, T5),
    # As version 1.1 is: a gated feed-forward network, and a head of its own.
    "t5-gated": Case(
        T5ForConditionalGeneration,
        dict(
            T5,
            vocab_size=33,
            num_layers=1,
            num_decoder_layers=3,
            d_kv=5,
            num_heads=2,
            relative_attention_num_buckets=6,
            relative_attention_max_distance=5,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        ),
        target_mask=True,
        untied={"lm_head.weight": (33, 16)},
    ),
}
