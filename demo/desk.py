"""An operator's browser at the desk: signs in, lets a shipping list out, brings the shipper's numbers in."""

import csv
import io

from demo.phone import NotAsPromised, Page, Phone
from demo.report import expect

LISTS = "/admin/codes/shippinglist/"
PARCELS = "/admin/codes/shipment/"


class Operator:
    """One person who works with campaigns."""

    def __init__(self, base_url: str, name: str, password: str) -> None:
        self.phone = Phone(base_url)
        form = self.phone.open("/admin/login/").form("/login/")
        page = self.phone.send(form, {"username": name, "password": password})
        expect(that="/login/" not in page.url, otherwise=f"{name} が管理画面に入れません")

    def ask_for_list(self, campaign: str, reason: str) -> str:
        """Ask for the addresses of a campaign that are ready; returns the address of the list's page."""
        page = self.phone.open(f"{LISTS}request/")
        asked: dict[str, str | list[str]] = {"campaign": _choice(page, campaign), "reason": reason}
        return self.phone.send(page.form("/request"), asked).url

    def let_out(self, list_page: str) -> Page:
        """Confirm a list that somebody else asked for."""
        address = f"{LISTS}{list_page.rstrip('/').split('/')[-2]}/approve/"
        return self.phone.send(self.phone.open(address).form("/approve"))

    def parcels(self, list_page: str) -> list[dict[str, str]]:
        """Download the file of a list; returns its rows by column."""
        address = f"{LISTS}{list_page.rstrip('/').split('/')[-2]}/download/"
        return list(csv.DictReader(io.StringIO(self.phone.save(self.phone.open(address).form("/download")))))

    def bring_numbers_in(self, campaign: str, numbers: dict[str, str]) -> None:
        """Give the shipper's file: have it checked, then have it count."""
        lines = ["受付番号,送り状番号", *(",".join(pair) for pair in numbers.items())]
        page = self.phone.open(f"{PARCELS}import/")
        owner: dict[str, str | list[str]] = {"owner": _choice(page, campaign)}
        file = ("numbers.csv", "\r\n".join(lines).encode(), "text/csv")
        checked = self.phone.send(page.form("/import"), owner, file=file)
        self.phone.send(checked.form("/import/confirm"))


def _choice(page: Page, text: str) -> str:
    for option in page.all("option"):
        if text in option.text:
            return option.attributes["value"]
    raise NotAsPromised(f"{page.url} に「{text}」の選択肢がありません")
