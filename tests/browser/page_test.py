"""The page in a real Chromium, against a real server with a real (small) model. page_test.sh starts it.

Each function that begins with check_ is one check; they run in the order in which they stand, on one server. Every one
prints a line, and all run, whatever failed before. Screenshots are for people to look at."""

import argparse
import hashlib
import math
import pathlib
import re
import struct
import sys
import tempfile
import time
import traceback
import wave

from playwright.sync_api import expect, sync_playwright

from server import Server

SECONDS = 1000
LONG = 120 * SECONDS


class Bench:
    """What the checks share: a server, a browser, and ways to look at a page."""

    def __init__(self, arguments, folder, browser):
        self.root, self.folder, self.browser = pathlib.Path(arguments.root), folder, browser
        self.shots = pathlib.Path(arguments.screenshots)
        # Short windows, so that there is progress to be seen.
        self.server = Server(arguments.program, self.root, folder, ["--chunk_length", "6", "--max_upload_mb", "12"])
        self.sample = self.root / "samples/framtiden.opus"
        self.complaints = []
        self.done = ""  # a job that is finished

    def open(self, path="/", language="sv-SE", theme="light", width=1280, height=860, complain=True):
        context = self.browser.new_context(locale=language, color_scheme=theme, viewport={"width": width, "height": height},
                                           reduced_motion="reduce", accept_downloads=True)
        context.set_default_timeout(15 * SECONDS)
        # The sound itself, which is no part of the document.
        context.add_init_script("window.Audio = class extends Audio { constructor() { super(); window.theSound = this; } };")
        page = context.new_page()
        if complain:
            page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
            page.on("console", lambda message: self.complaints.append(f"{path}: {message.text}")
                    if "Content Security Policy" in message.text or "TrustedHTML" in message.text else None)
        page.goto(self.server.url + path)
        return page

    def job(self, **kind):
        return self.open(f"/#/job/{self.done}", **kind)

    def shoot(self, page, name):
        page.screenshot(path=str(self.shots / f"{name}.png"))

    def text_of(self, download):
        return pathlib.Path(download.path()).read_text(encoding="utf-8")


def hum(file, seconds):
    """A wav in which nobody speaks: its job is done at once."""
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(b"".join(struct.pack("<h", round(300 * math.sin(i / 9))) for i in range(16000)) * seconds)
    return file


def finished(page):
    expect(page.locator(".job > .facts .state")).to_have_class(re.compile("succeeded"), timeout=LONG)
    expect(page.locator(".segment .said").first).to_be_visible()


def at(page):
    """Where the sound is, in seconds: as the slider says."""
    return float(page.locator(".wave").get_attribute("aria-valuenow"))


def wait_for(truth, what, seconds=15):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def check_an_upload_becomes_text_while_it_is_watched(bench):
    page = bench.open()
    expect(page.locator("h1")).to_have_text("Från inspelning till text")
    bench.shoot(page, "01_empty_light")
    seen = []
    page.expose_function("tell", lambda entry: seen.append(entry))
    page.evaluate("""() => new MutationObserver(() => {
        const bar = document.querySelector('.progress progress');
        const live = document.querySelectorAll('.segment.fresh').length;
        if (bar?.hasAttribute('value') || live) tell({ share: bar?.value ?? 0, live });
    }).observe(document.body, { subtree: true, childList: true, attributes: true })""")
    page.set_input_files("#files", str(bench.sample))
    expect(page.locator(".job h1")).to_have_text("framtiden.opus")
    expect(page.locator(".segment.fresh").first).to_be_visible(timeout=LONG)
    bench.shoot(page, "02_running_light")
    finished(page)
    assert any(0 < entry["share"] < 1 for entry in seen), "progress was to be seen on the way"
    assert any(entry["live"] for entry in seen), "text was to be seen before the end"
    assert page.locator(".segment.fresh").count() == 0
    expect(page.locator(".joblist .state")).to_have_text("Klar")
    bench.done = page.url.split("/")[-1]
    expect(page.locator(".wave")).not_to_have_class(re.compile("flat"))
    bench.shoot(page, "03_done_light")
    said = " ".join(page.locator(".said").all_inner_texts()).lower()
    assert "framtid" in said, said
    page.context.close()


def check_a_click_on_a_word_is_heard(bench):
    page = bench.job()
    finished(page)
    words = page.locator(".word")
    assert words.count() > 10
    word = words.nth(words.count() // 2)
    start = word.evaluate("node => node.span.start")
    assert start > 3
    word.click()
    heard = "window.theSound.currentTime"
    wait_for(lambda: page.evaluate(heard) >= start, f"the sound goes to {start}, but is at {page.evaluate(heard)}")
    assert page.evaluate(heard) < start + 3 and abs(at(page) - page.evaluate(heard)) < 1
    expect(page.locator("#play")).to_have_attribute("aria-label", "Pausa")
    expect(page.locator(".word.now")).to_have_count(1)
    expect(page.locator(".segment[aria-current]")).to_have_count(1)
    first = page.locator(".word.now").inner_text()
    wait_for(lambda: page.locator(".word.now").count() == 1 and page.locator(".word.now").inner_text() != first, "the mark moves on")
    bench.shoot(page, "04_playing_light")
    page.keyboard.press("k")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Spela")
    box = page.locator(".wave").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + 20)
    total = float(page.locator(".wave").get_attribute("aria-valuemax"))
    wait_for(lambda: abs(at(page) - total / 4) < 0.3, "a click on the waveform goes there")
    page.context.close()


def check_the_keyboard_is_enough(bench):
    page = bench.open()
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.joblist') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".job h1")).to_be_focused()
    finished(page)
    expect(page.locator("#soundnote")).to_be_hidden()
    page.keyboard.press("t")
    expect(page.locator(".segment .time").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".segment .time").nth(1)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    word = page.evaluate("document.activeElement.span")
    assert word, "the arrow goes to words"
    page.keyboard.press("Enter")
    wait_for(lambda: at(page) >= word["start"], "Enter plays from the word")
    page.keyboard.press("k")
    before = at(page)
    page.keyboard.press("j")
    wait_for(lambda: abs(at(page) - max(0, before - 5)) < 0.5, "J goes back")
    page.locator(".wave").focus()
    page.keyboard.press("End")
    wait_for(lambda: at(page) > before, "End goes to the end")
    page.keyboard.press("Home")
    wait_for(lambda: at(page) < 0.2, "Home goes to the beginning")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    bench.shoot(page, "05_keys_light")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("nothing like that")
    expect(page.locator("#jobs > .hint")).to_have_text("Ingen inspelning passar.")
    page.locator("#search").fill("framtid")
    expect(page.locator(".joblist a")).to_have_count(1)
    page.context.close()


def check_text_is_edited_and_taken_away(bench):
    page = bench.job()
    finished(page)
    original = page.locator(".said").first.inner_text()
    words = page.locator(".segment").first.locator(".word").count()
    page.keyboard.press("t")
    page.keyboard.press("e")
    area = page.locator(".segment textarea")
    expect(area).to_be_focused()
    bench.shoot(page, "06_editing_light")
    page.keyboard.press("Escape")
    expect(page.locator(".said").first).to_have_text(original)
    page.keyboard.press("e")
    area.fill("Nyord & <b>fet</b> " + original)
    page.keyboard.press("Enter")
    expect(page.locator(".said").first).to_have_text("Nyord & <b>fet</b> " + original)
    assert page.locator(".said b").count() == 0, "text is never markup"
    assert page.locator(".segment").first.locator(".word").count() == words, "what was said before can still be heard"
    expect(page.locator(".segment").first.locator(".tag")).to_have_text("Rättad")
    page.reload()
    finished(page)
    expect(page.locator(".said").first).to_have_text("Nyord & <b>fet</b> " + original)
    files = {}
    for kind in ("txt", "srt", "vtt", "json"):
        with page.expect_download() as download:
            page.locator(f'#edited [data-format="{kind}"]').click()
        assert download.value.suggested_filename == f"framtiden.edited.{kind}"
        files[kind] = bench.text_of(download.value)
    assert files["txt"].startswith("Nyord & <b>fet</b> "), files["txt"]
    assert re.match(r"1\n00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}\nNyord & <b>", files["srt"]), files["srt"]
    assert re.match(r"WEBVTT\n\n00:\d\d\.\d{3} --> 00:\d\d\.\d{3}\nNyord &amp; &lt;b&gt;", files["vtt"]), files["vtt"]
    assert '"edited": true' in files["json"] and '"original_text"' in files["json"]
    for kind in ("txt", "srt", "vtt", "tsv", "json"):
        with page.expect_download() as download:
            page.locator(f'.formats:not(#edited) [data-format="{kind}"]').click()
        untouched = bench.text_of(download.value)
        assert "Nyord" not in untouched, "the original stays"
        if kind in ("txt", "srt", "vtt"):
            back = files[kind].replace("Nyord &amp; &lt;b&gt;fet&lt;/b&gt; ", "").replace("Nyord & <b>fet</b> ", "")
            assert back == untouched, "but for what was edited, the page writes what the server writes"
        assert download.value.suggested_filename == f"framtiden.{kind}"
    bench.shoot(page, "07_edited_light")
    page.locator(".revert").click()
    expect(page.locator(".said").first).to_have_text(original)
    expect(page.locator("#edited")).to_be_hidden()
    page.context.close()


def check_doubts_are_said_in_words(bench):
    page = bench.open()
    result = {"text": "a", "language": "sv", "duration": 15.4, "metadata": {"coverage": {"dropped": [
        {"start": 5.0, "end": 6.0, "text": "Tack för att ni tittade", "reason": "no speech"}]}}, "segments": [
        {"id": 0, "start": 0.2, "end": 4.0, "text": "Riksbanken höjer räntan.", "avg_logprob": -0.2, "confidence": 0.9,
         "compression_ratio": 1.2, "no_speech_prob": 0.01, "temperature": 0, "words": [
             {"word": " Riksbanken", "start": 0.2, "end": 1.0, "probability": 0.21},
             {"word": " höjer", "start": 1.0, "end": 2.0, "probability": 0.93},
             {"word": " räntan.", "start": 2.0, "end": 4.0, "probability": 0.97}]},
        {"id": 1, "start": 7.0, "end": 15.0, "text": "Ja ja ja ja ja ja ja.", "avg_logprob": -1.3, "confidence": 0.27,
         "compression_ratio": 3.4, "no_speech_prob": 0.71, "temperature": 0.4, "words": []}]}
    page.route("**/result?format=json", lambda route: route.fulfill(json=result))
    page.evaluate("id => { location.hash = `#/job/${id}`; }", bench.done)
    finished(page)
    doubt = page.locator(".segment.doubtful .why")
    expect(doubt).to_have_count(1)
    expect(doubt).to_contain_text("Osäkert: programmet tror bara till 27")
    expect(doubt).to_contain_text("upprepar sig")
    expect(doubt).to_contain_text("kanske talar ingen här")
    expect(doubt).to_contain_text("flera försök")
    expect(page.locator(".word.unsure")).to_have_text("Riksbanken")
    expect(page.locator(".word.unsure")).to_have_attribute("title", re.compile("Osäkert ord: 21"))
    expect(page.locator(".dropped")).to_have_text("0:05–0:06 utelämnat: ”Tack för att ni tittade”. Troligen talar ingen.")
    page.keyboard.press("n")
    expect(page.locator(".word.unsure")).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator(".segment.doubtful .time")).to_be_focused()
    bench.shoot(page, "08_doubts_light")
    page.locator(".segment.doubtful .said").click()
    wait_for(lambda: at(page) >= 7, "without words' times the segment is heard")
    page.context.close()


def check_both_languages_and_both_colours(bench):
    page = bench.job(language="en-GB", theme="dark")
    finished(page)
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(page.locator(".job .state")).to_have_text("Done")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    bench.shoot(page, "09_done_dark_english")
    page.select_option("#pagelanguage", "sv")
    expect(page.locator(".job .state")).to_have_text("Klar")
    expect(page.locator("#choose")).to_have_text("Välj filer")
    page.select_option("#theme", "light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    finished(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light, "the choice is kept"
    expect(page.locator("#choose")).to_have_text("Välj filer")
    page.context.close()


def check_no_words_stand_outside_the_dictionary(bench):
    """With a dictionary in which every word is §, letters that are seen come from data, or are a mistake."""
    page = bench.open(complain=False)
    source = page.evaluate("fetch('/page/dictionary.js').then((reply) => reply.text())")
    keys = {name: set(re.findall(r"^\s{8}(\w+):", source[source.index(f"    {name}: {{"):].split("\n    },")[0], re.M)) for name in ("sv", "en")}
    assert keys["sv"] == keys["en"] and len(keys["sv"]) > 100, keys["sv"] ^ keys["en"]
    strange = re.sub(r"'(?:[^'\\]|\\.)*'(?=[,\s]*(?:$|other|\}))", lambda text: "'§" + "".join(re.findall(r"\{\w+\}", text.group())) + "'", source, flags=re.M)
    page.route("**/page/dictionary.js", lambda route: route.fulfill(body=strange, content_type="text/javascript"))
    seen = """() => {
        const data = '.name, h1, .said, time, .model, .clock, option, kbd, .time, .format, .brand, .facts, .hover';
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walk.nextNode()) {
            const node = walk.currentNode;
            if (/\\p{L}{2}/u.test(node.data) && !node.data.includes('§') && !node.parentElement.closest(data)) found.push(node.data);
        }
        for (const node of document.querySelectorAll('[aria-label], [title], [placeholder]'))
            for (const name of ['aria-label', 'title', 'placeholder'])
                if (/\\p{L}{2}/u.test(node.getAttribute(name) ?? '') && !node.getAttribute(name).includes('§')) found.push(node.getAttribute(name));
        return found;
    }"""
    page.reload()
    expect(page.locator(".dropwords")).to_have_text("§")
    assert page.evaluate(seen) == [], page.evaluate(seen)
    page.goto(f"{bench.server.url}/#/job/{bench.done}")
    finished(page)
    assert page.evaluate(seen) == [], page.evaluate(seen)
    page.context.close()


def check_a_narrow_screen_is_wide_enough(bench):
    page = bench.open(width=360, height=740)
    expect(page.locator(".joblist a").first).to_be_visible()
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    bench.shoot(page, "10_list_360")
    page.locator(".joblist a").first.click()
    finished(page)
    assert page.evaluate(fits)
    expect(page.locator("#jobs")).to_be_hidden()
    bench.shoot(page, "11_done_360")
    page.locator(".back").click()
    expect(page.locator("#jobs")).to_be_visible()
    page.context.close()


def check_what_the_server_refuses_is_said(bench):
    page = bench.open()
    long = bench.folder / "lång.wav"
    long.write_bytes(bytes(13 << 20))
    page.set_input_files("#files", str(long))
    failed = page.locator(".upload.failed .status")
    expect(failed).to_contain_text("more than the 12582912 bytes that this server takes")
    bench.shoot(page, "12_refused_light")
    page.locator(".upload button.plain").click()
    expect(page.locator(".upload")).to_have_count(0)
    no_sound = bench.folder / "inget ljud <img src=x onerror=alert(1)>.mp3"
    no_sound.write_bytes(b"this is no sound at all")
    page.set_input_files("#files", str(no_sound))
    expect(page.locator(".job .problem")).to_contain_text("Det gick inte:", timeout=LONG)
    expect(page.locator(".job h1")).to_have_text("inget ljud <img src=x onerror=alert(1)>.mp3")
    expect(page.locator("#retry")).to_be_visible()
    expect(page.locator("#soundnote")).to_contain_text("kan inte spela")
    assert page.locator("main img").count() == 0
    bench.shoot(page, "13_failed_light")
    page.goto(bench.server.url + "/#/job/job_00000000000000000000000000000000")
    expect(page.locator(".problem")).to_contain_text("finns inte på servern")
    page.context.close()


def check_a_job_is_cancelled_and_tried_again(bench):
    page = bench.open()
    # It may be too fast to be cancelled for real: what the page is told is held back, what it asks is real.
    job = bench.server.upload(bench.root / "samples/forslaget.flac", "avbruten.flac")
    page.goto(f"{bench.server.url}/#/job/{job}")
    page.wait_for_selector("#cancel, .state.succeeded")
    if page.locator("#cancel").count():
        page.locator("#cancel").click(timeout=2 * SECONDS)
        expect(page.locator("#retry")).to_be_visible()
        expect(page.locator(".job > .facts .state")).to_have_text("Avbruten")
        page.locator("#retry").click()
    finished(page)
    page.context.close()


def check_news_come_also_without_a_stream(bench):
    page = bench.open()
    page.route("**/events", lambda route: route.abort())
    page.set_input_files("#files", str(hum(bench.folder / "utan ström.wav", 2)))
    expect(page.locator(".job > .facts .state")).to_have_text("Klar", timeout=LONG)
    page.context.close()


def check_the_list_is_live_and_a_drop_uploads(bench):
    page = bench.open()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/events") else None)
    # A file that is dropped; another client's job beside it, which only the list shows.
    import_file = """async ([name, bytes]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], name));
        for (const type of ['dragenter', 'dragover']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
        if (!document.body.classList.contains('dropping')) throw new Error('the page does not show that files may be dropped');
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }"""
    other = bench.server.upload(bench.root / "samples/historien.flac", "annans.flac")
    page.reload()
    row = page.locator(f'.joblist a[href="#/job/{other}"]')
    expect(row.locator(".state")).to_have_text(re.compile("Klar"), timeout=LONG)
    assert any(other in url for url in asked), "the list heard of it by events"
    page.evaluate(import_file, ["släppt.wav", list(hum(bench.folder / "a.wav", 1).read_bytes())])
    expect(page.locator(".job h1")).to_have_text("släppt.wav")
    expect(page.locator(".job > .facts .state")).to_have_text("Klar", timeout=LONG)
    page.context.close()


def check_messages_to_a_callback_are_listed(bench):
    page = bench.job(complain=False)
    tried = {"at": "2026-01-02T03:04:05Z", "duration_ms": 9, "http_status": 500, "note": "answered <b>500</b>"}
    event = {"event_id": "msg_1", "type": "transcription.completed", "url": "https://example.org/hook", "state": "dead",
             "attempts": 3, "created": "2026-01-02T03:04:05Z", "next_try": None, "tries": [tried]}
    asked = []

    def job_with_callback(route):
        job = route.fetch().json()
        route.fulfill(json={**job, "callback": {"url": "https://example.org/hook", "types": []}})

    def replay(route):
        asked.append(route.request.post_data_json)
        event["state"] = "pending"
        route.fulfill(json={"deliveries": [event]})

    page.route(re.compile(r"/jobs/job_\w+$"), job_with_callback)
    page.route("**/deliveries", lambda route: route.fulfill(json={"deliveries": [event]}))
    page.route("**/deliveries/replay", replay)
    page.reload()
    row = page.locator(".deliveries tbody tr")
    expect(row).to_contain_text("Uppgivet")
    expect(row).to_contain_text("HTTP 500 · answered <b>500</b>")
    row.scroll_into_view_if_needed()
    bench.shoot(page, "17_deliveries_light")
    row.get_by_role("button", name="Skicka igen").click()
    expect(row).to_contain_text("Väntar")
    assert asked == [{"event_id": "msg_1"}]
    page.context.close()


def check_a_long_recording_is_heard_in_parts(bench):
    job = bench.server.upload(hum(bench.folder / "tyst.wav", 240))
    page = bench.open()
    parts = []
    page.on("response", lambda reply: parts.append(reply.headers.get("content-range", "")) if reply.status == 206 else None)
    page.goto(f"{bench.server.url}/#/job/{job}")
    expect(page.locator(".text .hint")).to_have_text("Inget tal hittades i inspelningen.", timeout=LONG)
    expect(page.locator(".clock")).to_have_text("0:00 / 4:00")
    page.locator(".wave").focus()
    page.keyboard.press("End")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("k")
    wait_for(lambda: page.evaluate("window.theSound.currentTime") > 230.5, "what lies many parts further on is heard")
    starts = {int(part.split()[1].split("-")[0]) for part in parts if part}
    assert max(starts) > 4 << 20, starts
    page.context.close()


def check_a_format_that_the_browser_does_not_know(bench):
    page = bench.job(complain=False)
    page.route("**/audio", lambda route: route.fulfill(status=200, body=b"nothing that is a sound", content_type="audio/wav"))
    page.reload()
    finished(page)
    expect(page.locator("#soundnote")).to_contain_text("kan inte spela det här ljudformatet")
    expect(page.locator("#soundnote")).to_contain_text("Talet visas som fält")
    expect(page.locator(".wave")).to_have_class(re.compile("flat"))
    bench.shoot(page, "14_unknown_format_light")
    page.context.close()


def check_a_server_that_goes_and_comes_back_with_a_key(bench):
    page = bench.job(theme="dark", complain=False)
    finished(page)
    bench.server.stop()
    expect(page.locator("#banner")).to_be_visible(timeout=20 * SECONDS)
    expect(page.locator("#banner span")).to_have_text("Servern svarar inte. Sidan försöker igen av sig själv.")
    bench.shoot(page, "15_gone_dark")
    keys = bench.folder / "keys.txt"
    keys.write_text(f"{hashlib.sha256(b'en nyckel').hexdigest()}  anna\n")
    bench.server.start("--api_keys", str(keys))
    expect(page.locator("#keycard")).to_be_visible(timeout=20 * SECONDS)
    expect(page.locator("#banner")).to_be_hidden()
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(page.locator("#keycard")).to_be_visible()
    page.fill("#key", "fel nyckel")
    page.keyboard.press("Enter")
    expect(page.locator("#keycard .problem")).to_have_text("Servern känner inte igen den nyckeln.")
    bench.shoot(page, "16_key_dark")
    page.fill("#key", "en nyckel")
    page.keyboard.press("Enter")
    expect(page.locator("#keycard")).to_have_count(0)
    expect(page.locator(".joblist a").first).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('api-key')") == "en nyckel"
    assert "nyckel" not in page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")
    page.reload()
    finished(page)
    expect(page.locator(".wave")).not_to_have_class(re.compile("flat"))
    page.locator(".word").nth(12).click()
    wait_for(lambda: at(page) > 2, "with a key the sound is heard too")
    page.goto(bench.server.url)
    page.set_input_files("#files", str(hum(bench.folder / "med nyckel.wav", 2)))
    expect(page.locator(".job > .facts .state")).to_have_text("Klar", timeout=LONG)
    page.context.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "chromium", "root", "screenshots"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
    failed = []
    with tempfile.TemporaryDirectory(prefix="ft-page-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=[
            "--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage", "--no-proxy-server"])
        bench = Bench(arguments, pathlib.Path(folder), browser)
        bench.server.start()
        try:
            for i, (name, check) in enumerate(checks):
                if arguments.only and i > 0 and arguments.only not in name:
                    continue
                begun = time.monotonic()
                try:
                    check(bench)
                    outcome = "ok"
                except Exception:  # every check has its turn
                    traceback.print_exc()
                    failed.append(name)
                    outcome = "FAILED"
                    for context in browser.contexts:
                        for page in context.pages:
                            bench.shoot(page, "failed_" + name)
                        context.close()
                print(f"{outcome:6} {name} ({time.monotonic() - begun:.1f} s)", flush=True)
                if not bench.done:
                    break  # the others look at the job that the first one makes
        finally:
            bench.server.stop()
            browser.close()
        if bench.complaints:
            print("the page complained:", *bench.complaints, sep="\n  ")
            failed.append("complaints")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
