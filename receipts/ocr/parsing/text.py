"""One spelling for what the recogniser writes in several."""

import re
import unicodedata

# Characters that the recogniser prefers to the Japanese form of the same word.
_JAPANESE_FORM_PAIRS = [
    "对対",
    "值値",
    "单単",
    "额額",
    "个個",
    "录録",
    "话話",
    "计計",
    "减減",
    "经経",
    "证証",
    "收収",
    "书書",
    "买買",
    "责責",
    "价価",
    "总総",
    "种種",
    "发発",
    "领領",
    "电電",
    "开開",
    "业業",
    "东東",
    "华華",
    "县県",
    "圆円",
    "气気",
    "边辺",
    "这這",
    "销銷",
    "赠贈",
    "贩販",
    "货貨",
    "质質",
    "负負",
    "费費",
    "资資",
    "赏賞",
    "购購",
    "车車",
    "转転",
    "轉転",
    "轻軽",
    "輕軽",
    "达達",
    "过過",
    "还還",
    "进進",
    "运運",
    "选選",
    "邮郵",
    "钓釣",
    "铃鈴",
    "钟鐘",
    "阅閲",
    "陈陳",
    "隐隠",
    "难難",
    "顺順",
    "预預",
    "顾顧",
    "颜顔",
    "饮飲",
    "馆館",
    "鸡鶏",
    "齐斉",
    "龄齢",
    # older forms that no till prints in these words, though the mask of characters lets them pass
    "對対",
    "單単",
    "稅税",
    "拔抜",
    "內内",
    "號号",
    "錄録",
    "證証",
    "數数",
    "價価",
    "總総",
    "綠緑",
    "燒焼",
]
_JAPANESE_FORM = {ord(pair[0]): pair[1] for pair in _JAPANESE_FORM_PAIRS}
_KATAKANA_TWIN = {
    "力": "カ", "卜": "ト", "一": "ー", "二": "ニ", "口": "ロ", "工": "エ", "夕": "タ", "千": "チ", "八": "ハ",
    "才": "オ", "三": "ミ", "へ": "ヘ", "べ": "ベ", "ぺ": "ペ", "-": "ー", "–": "ー", "—": "ー", "―": "ー", "‐": "ー",
    "─": "ー", "ｰ": "ー", "り": "リ", "メ": "メ",
}  # fmt: skip
_TWINS = "".join(_KATAKANA_TWIN)
_KATAKANA = "ァ-ヺー"
_TWIN_AFTER_KANA = re.compile(rf"(?<=[{_KATAKANA}])[{re.escape(_TWINS)}](?![一-鿿々ぁ-ん])")
_TWIN_BEFORE_KANA = re.compile(rf"(?<![一-鿿々ぁ-んァ-ヺー\d])[{re.escape(_TWINS.replace('-', ''))}](?=[{_KATAKANA}])")
_LOOSE_MARK = re.compile(r"[ \u3099\u309a]*[\u3099\u309a]")
_HYPHENS = re.compile("[‐‑‒–—―−－﹣]")
_MILLILITRES = re.compile(r"(?<=\d)m[1I|](?=\D|\d{1,2}[本袋個枚]|$)")
_RATE_SLASH = re.compile(r"(?<![\d/])(8|10)\s?[/7](?=対象|税|内|外)")  # a small % has lost its rings
_TARGET = re.compile(r"[寸封列討村]象|(?<=[8%/0])象(?=[額計])")  # 対象 of a small or faded print
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Fold widths, marks, hyphens and look-alike characters of one line."""
    text = _joined_marks(text.replace("￥", "¥").replace("\\", "¥").replace("±", "土"))
    text = _HYPHENS.sub("-", text).replace("¥ ", "¥")
    text = _TARGET.sub("対象", text.translate(_JAPANESE_FORM))
    text = _RATE_SLASH.sub(r"\1%", re.sub(r"(?<![A-Za-z])JPY\s?(?=\d)", "¥", text))
    text = _TWIN_AFTER_KANA.sub(lambda found: _KATAKANA_TWIN[found[0]], text)
    text = _TWIN_BEFORE_KANA.sub(lambda found: _KATAKANA_TWIN[found[0]], text)
    text = _MILLILITRES.sub("ml", re.sub("(?<![ァ-ヺー])([ァ-ヺ])三(?!国)", r"\1ミ", text))
    return _SPACES.sub(" ", text).strip()


def squash(text: str) -> str:
    """A text without spaces, for label matching; broken 計 is mended."""
    return _SPACES.sub("", text).replace("言十", "計").replace("言+", "計")


def _joined_marks(text: str) -> str:
    text = text.replace("゛", "\u3099").replace("゜", "\u309a")
    text = re.sub(rf"(?<=[{_KATAKANA}ｦ-ﾝ])°", "\u309a", text)
    text = re.sub('(?<=[カ-トハ-ホｶ-ﾎ])["”“〃]', "\u3099", text)
    return _LOOSE_MARK.sub("", unicodedata.normalize("NFKC", text))
