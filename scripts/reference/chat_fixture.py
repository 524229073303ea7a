"""Conversations rendered by transformers' apply_chat_template, with the tokens of the assistant, for test/fixtures/chat/.

The templates are in the manner of well-known ones. Each is written with {% generation %} blocks around what the assistant says;
`plain` is the same without them, which must render the same text. `tokenizers` are two small ones, byte-level and in
SentencePiece's manner, and the ids and masks of each conversation are theirs.
"""
import json
import re
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "chat"

SPECIAL = [
    *("<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>", "<|start|>", "<|end|>", "<|eot|>", "<start_turn>", "<end_turn>"),
]
CORPUS = [
    "The miller carried two sacks of flour up the hill before the rain began.",
    "What is the colour of the sky? It is blue, and grey before the rain.",
    "user assistant system tool model Answer: the answer is 4.\n\nYes, it is so.\n",
] * 8

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TEMPLATES = {
    "ChatML": CHATML,
    "a default system message": CHATML.replace(
        "{% for message in messages %}",
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\\nBe kind.<|im_end|>\\n' }}{% endif %}",
        1,
    ),
    "Llama 2": """\
{%- if messages[0]['role'] == 'system' -%}
    {%- set turns = messages[1:] -%}
    {%- set before = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' -%}
{%- else -%}
    {%- set turns = messages -%}
    {%- set before = '' -%}
{%- endif -%}
{%- for message in turns -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception('user and assistant must take turns') }}
    {%- endif -%}
    {%- if message['role'] == 'user' -%}
        {{ bos_token + '[INST] ' + (before if loop.first else '') + message['content'] | trim + ' [/INST]' }}
    {%- else -%}
        {%- generation -%}{{ ' ' + message['content'] | trim + ' ' + eos_token }}{%- endgeneration -%}
    {%- endif -%}
{%- endfor -%}""",
    "Llama 3": """\
{{- bos_token }}
{%- for message in messages %}
    {{- '<|start|>' + message.role + '<|end|>\\n\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}
        {{- message.content | trim + '<|eot|>' }}
        {%- endgeneration %}
    {%- else %}
        {{- message.content | trim + '<|eot|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant<|end|>\\n\\n' }}
{%- endif %}
""",
    "Zephyr": """\
{% for message in messages %}
{% if message['role'] == 'assistant' %}
{{ '<|assistant|>\\n' }}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}
{% else %}
{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "Gemma": """\
{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}\
{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}{{ '<start_turn>' + role + '\\n' }}\
{% if role == 'model' %}{% generation %}{{ message['content'] | trim + '<end_turn>' }}{% endgeneration %}\
{% else %}{{ message['content'] | trim + '<end_turn>' }}{% endif %}{{ '\\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<start_turn>model\\n' }}{% endif %}""",
    "tools and a date": """\
{%- set state = namespace(count=0) -%}
{{- strftime_now('%Y')[:0] -}}
{%- if tools is not none and tools -%}
{{- '<|im_start|>system\\n' -}}
{%- for tool in tools %}{{ tool | tojson }}{{ '\\n' }}{% endfor -%}
{{- '<|im_end|>\\n' -}}
{%- endif -%}
{%- for message in messages -%}
{%- set state.count = state.count + 1 -%}
{{- '<|im_start|>' ~ message.role ~ ' ' ~ state.count ~ '\\n' -}}
{%- if message.role == 'assistant' -%}
{%- generation -%}
{{- message.content -}}
{%- for call in message.tool_calls or [] -%}{{- call.function.name ~ '(' ~ call.function.arguments | tojson ~ ')' -}}{%- endfor -%}
{{- '<|im_end|>' -}}
{%- endgeneration -%}
{%- else -%}{{- message.content ~ '<|im_end|>' -}}
{%- endif -%}
{{- '\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant ' ~ (state.count + 1) ~ '\\n' }}{%- endif -%}""",
    "no end of a turn": (
        "{% for message in messages %}{% if message['role'] == 'assistant' %}Answer:{% generation %}{{ ' ' + message['content'] }}"
        "{% endgeneration %}{% else %}{{ message['content'] }} {% endif %}{% endfor %}{% if add_generation_prompt %}Answer:{% endif %}"
    ),
}
USER, SYSTEM = {"role": "user", "content": "What is the colour of the sky?"}, {"role": "system", "content": "Be brief."}
ANSWER = {"role": "assistant", "content": "It is blue.\nAnd grey before rain — 雨."}
AGAIN = [{"role": "user", "content": "Is it so? "}, {"role": "assistant", "content": "  Yes, it is so."}]
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"type": "function", "function": {"name": "sky", "arguments": {"place": "hill"}}}],
}
TOOL = {"type": "function", "function": {"name": "sky", "description": "Its colour", "parameters": {"type": "object"}}}
CONVERSATIONS = {
    "one turn": {"messages": [USER, ANSWER], "tools": None},
    "two turns": {"messages": [USER, ANSWER, *AGAIN], "tools": None},
    "a system message": {"messages": [SYSTEM, USER, ANSWER, *AGAIN], "tools": None},
    "the last word to the user": {"messages": [USER, ANSWER, AGAIN[0]], "tools": None},
    "tools": {"messages": [USER, CALL, {"role": "tool", "content": "blue"}, ANSWER], "tools": [TOOL]},
}


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return trained(tokenizer, trainers.BpeTrainer(vocab_size=360, special_tokens=special(), initial_alphabet=alphabet))


def sentencepiece() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    blanks = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(blanks)
    bytes_ = [AddedToken(f"<0x{byte:02X}>", normalized=False, special=False) for byte in range(256)]
    tokenizer = trained(tokenizer, trainers.BpeTrainer(vocab_size=400, special_tokens=[*special(), *bytes_]))
    written = json.loads(tokenizer.to_str())
    written["added_tokens"] = [token for token in written["added_tokens"] if token["content"] in SPECIAL]
    return Tokenizer.from_str(json.dumps(written))


def special() -> list[AddedToken]:
    return [AddedToken(token, normalized=False, special=True) for token in SPECIAL]


def trained(tokenizer: Tokenizer, trainer: trainers.BpeTrainer) -> Tokenizer:
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def plain(template: str) -> str:
    """The template without its generation tags, whose whitespace control stays."""
    return re.sub(r"\{%(-?)\s*(?:end)?generation\s*(-?)%\}", r"{%\1 if true %}{% endif \2%}", template)


def rendered(tokenizers: dict[str, PreTrainedTokenizerFast], template: str, conversation: dict) -> dict | None:
    messages, tools = conversation["messages"], conversation["tools"]
    first = next(iter(tokenizers.values()))
    asked = {"conversation": messages, "tools": tools, "tokenize": False}
    try:
        text = first.apply_chat_template(**asked, chat_template=template)
    except Exception as error:
        return {"refused": str(error)}
    prompt = first.apply_chat_template(**asked, chat_template=template, add_generation_prompt=True)
    assert text == first.apply_chat_template(**asked, chat_template=plain(template))
    encoded = {}
    for name, tokenizer in tokenizers.items():
        made = tokenizer.apply_chat_template(
            messages, tools=tools, chat_template=template, return_dict=True, return_assistant_tokens_mask=True
        )
        assert 0 < sum(made["assistant_masks"]) < len(made["input_ids"]), (name, text)
        encoded[name] = {"ids": made["input_ids"], "asked": made["assistant_masks"]}
    return {"text": text, "prompt": prompt, "encoded": encoded}


def main() -> None:
    made = {"byte-level": byte_level(), "sentencepiece": sentencepiece()}
    tokens = {"bos_token": "<s>", "eos_token": "</s>"}
    fast = {name: PreTrainedTokenizerFast(tokenizer_object=tokenizer, **tokens) for name, tokenizer in made.items()}
    cases = [
        {"template": name, "conversation": title, **outcome}
        for name, template in TEMPLATES.items()
        for title, conversation in CONVERSATIONS.items()
        if (title == "tools") == (name == "tools and a date") or title == "one turn"
        if (outcome := rendered(fast, template, conversation))
    ]
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, tokenizer in made.items():
        (FIXTURES / f"{name}.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")))
    templates = {name: {"marked": template, "plain": plain(template)} for name, template in TEMPLATES.items()}
    written = {"config": tokens, "templates": templates, "conversations": CONVERSATIONS, "cases": cases}
    (FIXTURES / "cases.json").write_text(json.dumps(written, ensure_ascii=False, separators=(",", ":")))
    print(f"{len(cases)} conversations, {sum('refused' in case for case in cases)} refused")


if __name__ == "__main__":
    main()
