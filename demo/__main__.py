"""`./run demo`: a receipt photo becomes a redeemed code, over HTTP, as phones and tills would do it."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.service import running
from demo.make_receipts import FontMissing
from demo.report import Report
from demo.story import Demo

DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Target:
    """A service to drive: its address, and the folder in which `load_demo` wrote the access down."""

    url: str
    data: Path


def is_running(url: str) -> bool:
    """Whether a service answers there."""
    try:
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def target(options: argparse.Namespace) -> Iterator[Target]:
    """The service that runs, or one of our own for the time of a `with`."""
    url = (options.url or DEFAULT_URL).rstrip("/")
    if not options.fresh and is_running(url):
        print(f"動いているサービスを使います：{url}")
        yield Target(url, options.data)
    elif options.url and not options.fresh:
        sys.exit(f"{url} にサービスがありません：./run serve で始めるか、--url を外してください")
    else:
        print("サービスを始めます（デモ用の一時的なデータ、終わると消えます）…", flush=True)
        with running() as service:
            print(f"始まりました：{service.url}（{service.ready_seconds:.1f} 秒）")
            yield Target(service.url, service.data)


def read_access(data: Path) -> dict[str, object]:
    """What `load_demo` wrote down."""
    path = data / "demo.json"
    if not path.exists():
        sys.exit(f"{path} がありません：--data でサービスのデータフォルダーを指定してください")
    access: dict[str, object] = json.loads(path.read_text())
    return access


def where_to_look(url: str) -> str:
    """Addresses for people who want to see for themselves."""
    return "\n".join(
        [
            "",
            "自分の目で見るには",
            f"  送信メール          {url}/mailbox/",
            f"  事務局 (管理画面)   {url}/admin/",
            f"  API ドキュメント    {url}/api/docs/",
            f"  応募ページ          {url}/c/green-tea/",
        ]
    )


def main() -> int:
    """Drive the service; 1 if it did anything else than promised."""
    parser = argparse.ArgumentParser(
        prog="./run demo", description="a receipt photo becomes a redeemed code, over HTTP"
    )
    parser.add_argument(
        "--url", default=os.environ.get("MIZUHIKI_URL", ""), help=f"the service (default {DEFAULT_URL})"
    )
    parser.add_argument("--fresh", action="store_true", help="start a service of its own even where one runs")
    data = Path(os.environ.get("MIZUHIKI_DATA_DIR", "var"))
    parser.add_argument("--data", type=Path, default=data, help="data folder of the running service (default var)")
    options = parser.parse_args()
    report = Report()
    with target(options) as service:
        try:
            Demo(service.url, read_access(service.data), report).play()
        except FontMissing as error:
            sys.exit(str(error))
        if service.data == options.data:
            print(where_to_look(service.url))
    if report.failures:
        print(f"\n✗ 約束どおりでないもの {len(report.failures)} 件：{'、'.join(report.failures)}")
        return 1
    print(f"\n✓ すべて約束どおりです（{report.step_count} 手順）")
    return 0


if __name__ == "__main__":
    sys.exit(main())
