import pytest

from receipts.ocr.parsing.text import normalise, squash


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("ﾐﾄﾞﾘﾉ ﾔｻｲ", "ミドリノ ヤサイ"),
        ("合計　￥１，２３４", "合計 ¥1,234"),
        ("对象额", "対象額"),
        ("税拔金額", "税抜金額"),
        ("外税8/象額 5,662", "外税8%対象額 5,662"),
        ("内10%封象", "内10%対象"),
        ("収证领书", "収証領書"),
        ("シャルト”ネ", "シャルドネ"),
        ("リップ°クリーム", "リップクリーム"),
        ("力フェオレ", "カフェオレ"),
        ("コ-ヒ一", "コーヒー"),
        ("レジ口ール", "レジロール"),
        ("ビ一ル500m1", "ビール500ml"),
        ("栄養ドリンク100m110本", "栄養ドリンク100ml10本"),
        ("TEL 03–1234−5678", "TEL 03-1234-5678"),
    ],
)
def test_one_spelling_is_made_of_many(read, meant):
    assert normalise(read) == meant


@pytest.mark.parametrize("kept", ["三国ヶ丘店", "一番搾り", "入口店", "八百屋", "口紅", "-216", "千円札", "10-20"])
def test_kanji_and_signs_that_look_like_kana_are_left_alone(kept):
    assert normalise(kept) == kept


def test_labels_are_squashed_and_mended():
    assert squash("合 言十") == "合計"
