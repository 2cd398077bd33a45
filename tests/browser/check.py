#!/usr/bin/env python3
"""check.py SHOW_POOLS [FOLDER]: opens the admin page of the program SHOW_POOLS in a headless Chromium.

The page shows its figures and they move, a pool is steered, names are shown as text, nothing comes from elsewhere, and it fits
a desk and a telephone, light and dark. With FOLDER it leaves pictures there, to be looked at. Exit code 77, and a word why,
where Chromium is not installed."""
import pathlib
import subprocess
import sys
import time

import chromium

TOKEN = "only-for-this-test"  # show_pools has the same
CARD = "[...document.querySelectorAll('article')].find(card => card.querySelector('.name').textContent === {!r})"


def card(name, rest):
    return CARD.format(name) + rest


def background(page):
    return page.run("getComputedStyle(document.body).backgroundColor")


def check_figures(page):
    page.wait_for("document.querySelectorAll('article').length === 4")
    leases = "[...document.querySelectorAll('.waiting-times tr')][2].lastChild.textContent"
    page.wait_for(f"{leases} !== '0'")
    before = page.run(leases)
    page.wait_for(f"{leases} !== {before!r}")
    page.wait_for(card("orders", ".querySelector('svg path.use').getAttribute('d').length > 20"))
    page.wait_for("/show_pools.cpp:\\d+/.test(" + card("orders", ".textContent)"))
    page.wait_for(card("search", ".querySelector('.badge').textContent === 'breaker open on every endpoint'"))
    page.wait_for(card("search", ".textContent.includes('Connection refused')"))


def check_names(page):
    names = page.run("[...document.querySelectorAll('.name')].map(name => name.textContent)")
    assert "</script><script>alert(1)</script> 数据 \ufffd" in names, names
    assert page.run("document.querySelectorAll('script').length") == 1
    assert page.run("document.querySelectorAll('i').length") == 0, "a server's name became an element"


def check_steering(page):
    assert page.run(card("orders", ".querySelector('.steer').hidden")), "nobody has unlocked it"
    click = lambda text: page.run("[..." + card("orders", f".querySelectorAll('button')].find(b => b.textContent === {text!r}).click()"))
    unlock = lambda token: page.run(f"byId('token').value = {token!r}; document.querySelector('#unlock button').click()")
    page.wait_for("!byId('unlock').hidden")
    unlock(TOKEN)
    page.wait_for(card("orders", ".querySelector('.steer').hidden === false"))
    click("Suspend")
    page.wait_for(card("orders", ".querySelector('.badge').textContent === 'suspended'"))
    page.wait_for("byId('summary').textContent.startsWith('2 of 4 ready')")
    click("Resume")
    page.wait_for(card("orders", ".querySelector('.badge').textContent === 'ready'"))
    click("Drain")
    page.wait_for(card("orders", ".querySelector('button.armed') !== null"))
    assert page.run(card("orders", ".querySelector('.badge').textContent")) == "ready", "one click drains nothing"


def check_gone(page, pools):
    """A pool that has ended is shown as that, behind the others."""
    pools.stdin.write("\n")
    pools.stdin.flush()
    page.wait_for(card("search", ".querySelector('.badge').textContent === 'gone'"))
    page.wait_for(card("search", ".getBoundingClientRect().top >= ") + CARD.format("orders") + ".getBoundingClientRect().bottom")
    page.wait_for("byId('summary').textContent.includes('of 3 ready')")


def check_looks(page, url, folder):
    grounds = set()
    for width in (1280, 390):
        for dark in (False, True):
            page.open(url, width, 900, dark)
            page.wait_for("document.querySelectorAll('article').length === 4 && document.querySelector('.badge').textContent !== ''")
            assert page.run("document.documentElement.scrollWidth") <= width, f"wider than {width} pixels"
            grounds.add((dark, background(page)))
            if folder:
                page.picture(str(folder / f"page-{width}-{'dark' if dark else 'light'}.png"))
    assert len(grounds) == 2, f"dark and light are the same: {grounds}"


def check_end(page, pools):
    """The last figures stay, and the page says that they are old."""
    pools.stdin.close()
    pools.wait(timeout=10)
    page.wait_for("!byId('trouble').hidden && byId('trouble').textContent.startsWith('These figures are old')")


def main():
    if not chromium.program():
        print("skipped: Chromium is not installed (Debian: chromium)")
        return 77
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    begin = time.monotonic()
    with subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as pools, chromium.Chromium() as page:
        try:
            url = pools.stdout.readline().strip()
            page.open(url)
            check_figures(page)
            check_names(page)
            check_steering(page)
            check_looks(page, url, folder)
            check_gone(page, pools)
            assert page.complaints() == [], page.complaints()
            strangers = {address for address in page.requested() if not address.startswith((url, "data:"))}
            assert url + "pools.json" in page.requested()
            assert not strangers, f"it asks for {strangers}"
            check_end(page, pools)
        finally:
            pools.kill()
    print(f"the page works in Chromium, {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
