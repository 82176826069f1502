"""Tests the live page of `diffuse-gpu serve` in headless Chromium.

    serve.py ADDRESS [--program PATH] [--model NAME] [--long STEPS] [--pictures FOLDER]
    serve.py ADDRESS --kill PID [--restart COMMAND]

The first form checks the page of a running server, the second one kills that server under an open page, and with --restart starts it again.
Each check prints a line. The exit status is 1 where one failed. Needs chromium and chromium-driver; selenium and axe are installed into
.build-browser.
"""
import argparse, base64, json, os, pathlib, shlex, signal, subprocess, sys, tempfile, time, urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Benchmarks/peers"))
import environment

environment.enter("browser")

import checks
from axe_selenium_python import Axe
from checks import Failed, need
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PANEL = "[role=tabpanel]:not([hidden])"


class Page:
    """A page in a browser."""

    def __init__(self, address):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.address = address
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_script_timeout(30)
        self.open()

    def open(self):
        self.driver.get(self.address)
        self.until(lambda: self.driver.find_elements(By.CSS_SELECTOR, PANEL), "tabs")

    def find(self, selector):
        """An element of the panel that is seen."""
        return self.driver.find_element(By.CSS_SELECTOR, f"{PANEL} {selector}")

    def until(self, condition, what, seconds=60):
        """Waits for a condition, and returns its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        raise Failed(f"no {what} within {seconds} s; the page says: {self.status}")

    @property
    def status(self):
        return self.driver.find_element(By.CSS_SELECTOR, "[role=status]").text

    @property
    def tab(self):
        return self.driver.find_element(By.CSS_SELECTOR, "[role=tab][aria-selected=true]").text

    def choose(self, name):
        """Opens a tab by the mouse."""
        for tab in self.driver.find_elements(By.CSS_SELECTOR, "[role=tab]"):
            if tab.text == name:
                tab.click()
                return
        raise Failed(f"there is no tab {name}")

    def set(self, **settings):
        """Fills in settings, as one change each."""
        for name, value in settings.items():
            self.driver.execute_script(
                "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
                "arguments[0].dispatchEvent(new Event('change', {bubbles: true}))", self.find(f"[name={name}]"), str(value))

    @property
    def word(self):
        return self.kept["word"]

    @property
    def kept(self):
        return json.loads(self.driver.execute_script("return sessionStorage.getItem('diffuse-gpu')"))

    def job(self, run="late"):
        """The number of a run's job; None while it is on its way."""
        return self.kept["views"].get(self.tab, {}).get("jobs", {}).get(run, {}).get("id")

    def new_job(self, old, run="late"):
        return self.until(lambda: self.job(run) not in (None, old) and self.job(run), f"new job of the {run} run")

    def progress(self, run="late"):
        return float(self.find(f".run.{run} progress").get_property("value"))

    def state(self, job):
        with urllib.request.urlopen(f"{self.address}api/jobs/{job}") as answer:
            return json.load(answer)["state"]

    def done(self, seconds=120):
        """Waits until both runs of the tab are done, on the server and on the page."""
        def both():
            jobs = self.job("prior"), self.job("late")
            return all(job and self.state(job) == "done" for job in jobs) and self.progress("prior") == self.progress("late") == 1

        self.until(both, "end of both runs", seconds)
        self.until(lambda: self.status.count("done") == 2, "word of their end", 5)

    def rerun(self, **settings):
        """Changes settings and waits for what they give."""
        old = self.job()
        self.set(**settings)
        self.new_job(old)
        self.done()

    def colours(self, scheme):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def size(self, width, height=1000):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        time.sleep(0.3)

    def errors(self):
        """What the browser has complained about since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


# The checks. Each takes the page, with the tab of a model open, and the options.

def keyboard_moves_the_slider(page, options):
    slider = page.find("input.start")
    value, text, number = slider.get_property("value"), slider.get_attribute("aria-valuetext"), page.find("input.step").get_property("value")
    slider.send_keys(Keys.ARROW_RIGHT)
    need(int(slider.get_property("value")) == int(value) + 1, "the right arrow does not move it")
    page.until(lambda: slider.get_attribute("aria-valuetext") != text, "new text of the slider", 2)
    need(int(page.find("input.step").get_property("value")) == int(number) - 1, "the number beside it stays")
    slider.send_keys(Keys.HOME)
    need(slider.get_property("value") == "0", "Home does not lead to the prior")
    page.find("button.recommended").click()
    need(page.find("input.step").get_property("value") in page.find("button.recommended").text, "the recommended start is not taken")


def tabs_obey_the_keyboard(page, options):
    names = [tab.text for tab in page.driver.find_elements(By.CSS_SELECTOR, "[role=tab]")]
    page.driver.find_element(By.CSS_SELECTOR, "[role=tab][aria-selected=true]").send_keys(Keys.HOME)
    need(page.tab == names[0], "Home does not lead to the first tab")
    for key, name in [(Keys.ARROW_RIGHT, names[1]), (Keys.END, names[-1]), (Keys.ARROW_RIGHT, names[0]), (Keys.ARROW_LEFT, names[-1])]:
        page.driver.switch_to.active_element.send_keys(key)
        need(page.tab == name, f"{name} is not opened")
        need(page.driver.switch_to.active_element.text == name, f"the tab {name} has no focus")
    need(len(page.driver.find_elements(By.CSS_SELECTOR, PANEL)) == 1, "there is not one panel")
    page.choose(options.model)


def events_arrive(page, options):
    old = page.job()
    page.set(steps=options.long // 4)
    page.new_job(old)
    seen = set()

    def watch():
        seen.add(page.progress("prior"))
        return page.progress() == 1

    page.until(watch, "end of both runs", 180)
    need(len([value for value in seen if 0 < value < 1]) >= 2, f"progress was only {sorted(seen)}")
    page.rerun(steps=5)


def the_picture_is_the_file(page, options):
    for run in ("prior", "late"):
        script = ("const done = arguments[1]; fetch(arguments[0].currentSrc).then(r => r.arrayBuffer())"
                  ".then(b => done(btoa(String.fromCharCode(...new Uint8Array(b)))))")
        shown = base64.b64decode(page.driver.execute_async_script(script, page.find(f".run.{run} img")))
        with urllib.request.urlopen(f"{page.address}api/jobs/{page.job(run)}.png") as answer:
            need(shown == answer.read(), f"{run}: the picture differs from /api/jobs/{page.job(run)}.png")
        link = page.find(f".run.{run} a[download]").get_attribute("href")
        need(link.endswith(f"/api/jobs/{page.job(run)}.png"), f"{run}: the download is {link}")


def the_command_gives_the_same_bytes(page, options):
    if not options.program:
        return "not checked, without --program"
    for run in ("prior", "late"):
        words = shlex.split(page.find(f".command.{run} code").get_property("textContent"))
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "grid.png"
            words[0], words[words.index("--output") + 1] = options.program, str(file)
            subprocess.run(words, check=True, capture_output=True)
            with urllib.request.urlopen(f"{page.address}api/jobs/{page.job(run)}.png") as answer:
                need(answer.read() == file.read_bytes(), f"{run}: other bytes than those of {' '.join(words)}")


def moving_the_slider_cancels(page, options):
    old = page.job()
    page.set(steps=options.long)
    running = page.new_job(old)
    page.until(lambda: 0 < page.progress("prior") < 1 or page.progress() > 0, "beginning of the run")
    prior = page.job("prior")
    page.find("input.start").send_keys(Keys.ARROW_LEFT)
    page.new_job(running)
    page.until(lambda: page.state(running) == "cancelled", "cancelled job", 10)
    need(page.job("prior") == prior, "the run from the prior began again, too")


def a_reload_goes_on(page, options):
    jobs = page.job("prior"), page.job()
    need(None not in jobs, "there are no jobs")
    page.driver.refresh()
    page.until(lambda: page.driver.find_elements(By.CSS_SELECTOR, PANEL), "tabs after the reload")
    need(page.tab == options.model, f"the tab is {page.tab}")
    need(page.find("[name=steps]").get_property("value") == str(options.long), "the settings are lost")
    page.done(300)
    need((page.job("prior"), page.job()) == jobs, "the runs began again")
    page.rerun(steps=5)


def two_browser_tabs_do_not_disturb_each_other(page, options):
    driver, first, word = page.driver, page.driver.current_window_handle, page.word
    finished = page.job("prior"), page.job()
    try:
        driver.execute_script("window.open(location.href)")  # such a tab begins with a copy of the first one's memory
        page.until(lambda: len(driver.window_handles) == 2, "second tab")
        driver.switch_to.window(next(handle for handle in driver.window_handles if handle != first))
        page.until(lambda: driver.find_elements(By.CSS_SELECTOR, PANEL), "page in the second tab")
        page.choose(options.model)
        need(page.word != word, "both tabs have the same word")
        page.done()
        page.rerun(steps=7)
        need(not {page.job("prior"), page.job()} & set(finished), "both tabs show the same jobs")
        second = page.job()
        driver.switch_to.window(first)
        need((page.job("prior"), page.job()) == finished and page.find("[name=steps]").get_property("value") == "5", "the first tab has changed")
        page.find("input.start").send_keys(Keys.ARROW_RIGHT)
        page.new_job(finished[1])
        page.until(lambda: page.progress() == 1, "end of the first tab's run")
        need(page.state(second) == "done", "the second tab's run was disturbed")
    finally:
        for handle in [handle for handle in driver.window_handles if handle != first]:
            driver.switch_to.window(handle)
            driver.close()
        driver.switch_to.window(first)


def a_hidden_page_comes_back(page, options):
    driver, first, old = page.driver, page.driver.current_window_handle, page.job()
    page.set(steps=options.long)
    job = page.new_job(old)
    driver.switch_to.new_window("tab")
    try:
        end = time.monotonic() + 6
        while page.state(job) not in ("cancelled", "done") and time.monotonic() < end:
            time.sleep(0.1)
        left = page.state(job)
    finally:
        driver.close()
        driver.switch_to.window(first)
    page.done(300)
    page.rerun(steps=5)
    need(left in ("cancelled", "done"), f"the run went on for nobody: {left}")


def a_copied_command_is_told(page, options):
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    page.find(".command.late button").click()
    page.until(lambda: "copied" in page.status, "word of the copy", 5)


def wrong_settings_are_told(page, options):
    page.set(seeds="0-")
    page.until(lambda: "Seeds" in page.status, "word of the wrong seeds", 5)
    page.set(seeds="0-15")


def axe_finds_nothing(page, options):
    for scheme in ("light", "dark"):
        page.colours(scheme)
        for name in ("Two points", options.model):
            page.choose(name)
            time.sleep(0.5)
            page.driver.execute_script(f"document.querySelectorAll('{PANEL} details').forEach(one => one.open = true)")
            time.sleep(0.3)
            axe = Axe(page.driver)
            axe.inject()
            wrong = axe.run()["violations"]
            need(not wrong, f"{scheme}, {name}: " + "; ".join(f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in wrong))
            page.driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = false)")


def nothing_is_wider_than_the_page(page, options):
    for width in (320, 400, 700, 1000, 1400):
        page.size(width)
        for name in ("Two points", options.model):
            page.choose(name)
            time.sleep(0.3)
            wide = page.driver.execute_script("return document.documentElement.scrollWidth")
            need(wide <= width, f"{name} at {width} pixels is {wide} wide")


def pictures_are_taken(page, options):
    if not options.pictures:
        return "not taken, without --pictures"
    folder = pathlib.Path(options.pictures)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("Two points", options.model):
        page.choose(name)
        page.done()
        for width in (400, 1400):
            for scheme in ("light", "dark"):
                page.colours(scheme)
                page.size(width)
                page.size(width, page.driver.execute_script("return document.documentElement.scrollHeight"))
                page.driver.save_screenshot(str(folder / f"serve-{name.lower().replace(' ', '-')}-{width}-{scheme}.png"))
    page.size(1400)


def the_console_is_empty(page, options):
    errors = page.errors()
    need(not errors, "; ".join(errors))


CHECKS = [keyboard_moves_the_slider, tabs_obey_the_keyboard, events_arrive, the_picture_is_the_file, the_command_gives_the_same_bytes,
          moving_the_slider_cancels, a_reload_goes_on, two_browser_tabs_do_not_disturb_each_other, a_hidden_page_comes_back, wrong_settings_are_told,
          a_copied_command_is_told, axe_finds_nothing, nothing_is_wider_than_the_page, pictures_are_taken, the_console_is_empty]


# The checks of a server that goes.

def a_killed_server_is_told(page, options):
    page.done()
    os.kill(options.kill, signal.SIGKILL)
    page.until(lambda: "does not answer" in page.status and "diffuse-gpu serve" in page.status, "word of the dead server", 15)


def a_started_server_is_found(page, options):
    if not options.restart:
        return "not checked, without --restart"
    subprocess.Popen(shlex.split(options.restart), stdout=subprocess.DEVNULL)
    page.until(lambda: "does not answer" not in page.status, "word of the new server", 30)
    page.find("input.start").send_keys(Keys.ARROW_RIGHT)
    page.done()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--program", help="the diffuse-gpu that runs the commands of the page")
    parser.add_argument("--model", default="mnist", help="the tab to test (mnist)")
    parser.add_argument("--long", type=int, default=100, help="steps of a run that takes some seconds (100)")
    parser.add_argument("--pictures", help="a folder for pictures of the page")
    parser.add_argument("--kill", type=int, help="the process of the server, which is killed")
    parser.add_argument("--restart", help="the command that starts the server again on the same port")
    options = parser.parse_args()
    page = Page(options.address.rstrip("/") + "/")
    try:
        page.choose(options.model)
        page.done()
        chosen = [a_killed_server_is_told, a_started_server_is_found] if options.kill else CHECKS
        failed = checks.run(chosen, page, options, faults=[WebDriverException, subprocess.CalledProcessError])
    finally:
        page.driver.quit()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
