"""The documentation page asks for nothing that the content policy of consumers' pages refuses."""


def test_the_page_needs_no_script_or_style_but_files_of_our_own(client, db):
    answer = client.get("/api/docs/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<style" not in page
    assert "<script>" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert 'lang="ja"' in page
    assert client.get("/api/docs/?script=")["Content-Type"] == "application/javascript"
