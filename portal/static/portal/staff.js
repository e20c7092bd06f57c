// The staff page: the camera reads QR codes, keys type the amount, a sound says the result. All of it can be typed, too.
const scanner = document.getElementById("scanner");
const check = document.getElementById("check");
const PAUSE_MS = 150; // between two looks at the picture
const LOOKS_BEFORE_HINT = 40; // 6 seconds: a queue waits no longer for a picture that is too dark

function beep(kind) {
  const Audio = window.AudioContext || window.webkitAudioContext;
  if (!Audio) return;
  const audio = new Audio();
  const tones = kind === "good" ? [880, 1320] : [220, 180];
  tones.forEach((frequency, place) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.value = 0.15;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + place * 0.14);
    tone.stop(audio.currentTime + place * 0.14 + 0.12);
  });
}

async function reader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (canvas) => (await detector.detect(canvas))[0]?.rawValue;
  }
  await new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = scanner.dataset.decoder;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
  return async (canvas) => {
    const image = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(image.data, image.width, image.height)?.data;
  };
}

async function scan() {
  const video = document.getElementById("video");
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  scanner.hidden = false;
  await video.play();
  const read = await reader();
  const canvas = document.createElement("canvas");
  let looks = 0;
  const hint = document.getElementById("camera-hint");
  const look = async () => {
    if (++looks === LOOKS_BEFORE_HINT) hint.hidden = false;
    const scale = Math.min(1, 800 / Math.max(video.videoWidth, 1));
    canvas.width = video.videoWidth * scale;
    canvas.height = video.videoHeight * scale;
    if (canvas.width && canvas.height) {
      canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0, canvas.width, canvas.height);
      const text = await read(canvas);
      if (text) {
        hint.hidden = true;
        video.srcObject.getTracks().forEach((track) => track.stop());
        check.elements.code.value = text;
        scanner.hidden = true;
        document.getElementById("camera-read").hidden = false;
        return check.requestSubmit();
      }
    }
    setTimeout(look, PAUSE_MS);
  };
  look();
}

if (scanner) {
  const trouble = document.getElementById("camera-trouble");
  const without = (error) => {
    scanner.hidden = true;
    document.getElementById("camera-hint").hidden = true;
    document.getElementById("camera-refused").hidden = error?.name !== "NotAllowedError";
    document.getElementById("camera-missing").hidden = error?.name === "NotAllowedError";
    trouble.hidden = false;
  };
  const begin = () => {
    trouble.hidden = true;
    document.getElementById("camera-read").hidden = true;
    return navigator.mediaDevices ? scan().catch(without) : without();
  };
  // After a redemption the same phone is still in the picture: it must not be read again before the next customer.
  if (!("waits" in scanner.dataset)) begin();
  document.addEventListener("scan-again", begin);
  document.getElementById("camera-again").addEventListener("click", begin);
}

// A scanner on a USB port types: its first key finds the field, wherever nothing else is being typed into.
if (check) {
  document.addEventListener("keydown", (event) => {
    const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isText && document.activeElement === document.body) check.elements.code.focus();
  });
}

document.querySelectorAll("[data-keypad]").forEach((keypad) => {
  const amount = document.getElementById(keypad.dataset.keypad);
  keypad.hidden = false;
  keypad.addEventListener("click", (event) => {
    const key = event.target.dataset.key;
    if (key === undefined) return;
    amount.value = key ? (amount.value + key).slice(0, 8) : amount.value.slice(0, -1);
  });
});

const sign = document.querySelector("[data-sound]");
if (sign) beep(sign.dataset.sound);
