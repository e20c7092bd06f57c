// Photographs: turned upright and made small here, shown before they are sent, with a hint when one may be unreadable.
// Without this file the same form sends the files as they are.
const LONGEST = 2000; // pixels; what the reader needs, at a tenth of a phone's file
const QUALITY = 0.85;
const SMALLEST = 700; // pixels of the shorter side below which print is hard to read
const DARK = 70; // mean brightness of 255
const BLURRED = 60; // variance of the Laplacian of a 640-pixel copy

const form = document.getElementById("photos");
const inputs = [document.getElementById("camera"), document.getElementById("gallery")];
const list = document.getElementById("previews");
const trouble = document.getElementById("trouble");
const send = document.getElementById("send");
const bar = document.getElementById("sent");
const words = form.dataset;
const most = Number(words.most);
let chosen = [];

function canvasOf(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function hintOf(bitmap) {
  if (Math.min(bitmap.width, bitmap.height) < SMALLEST) return words.small;
  const canvas = canvasOf(bitmap, 640);
  const { width, height } = canvas;
  const rgba = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const grey = new Float32Array(width * height);
  let light = 0;
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
    light += grey[i];
  }
  if (light / grey.length < DARK) return words.dark;
  let sum = 0, squares = 0, count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const edge = 4 * grey[i] - grey[i - 1] - grey[i + 1] - grey[i - width] - grey[i + width];
      sum += edge;
      squares += edge * edge;
      count++;
    }
  }
  return squares / count - (sum / count) ** 2 < BLURRED ? words.blurred : "";
}

async function prepare(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return { file, url: "", hint: words.unreadable }; // HEIC on most browsers: the server opens it
  }
  const hint = hintOf(bitmap);
  const blob = await new Promise((done) => canvasOf(bitmap, LONGEST).toBlob(done, "image/jpeg", QUALITY));
  bitmap.close();
  const small = blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  return { file: small, url: URL.createObjectURL(small), hint };
}

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

function show() {
  list.replaceChildren(...chosen.map((photo, place) => {
    const item = document.createElement("li");
    if (photo.url) {
      const image = document.createElement("img");
      image.src = photo.url;
      image.alt = `${words.preview} ${place + 1}`;
      item.append(image);
    }
    if (photo.hint) {
      const hint = document.createElement("p");
      hint.textContent = photo.hint;
      item.append(hint);
    }
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = `${words.remove} (${place + 1})`;
    remove.addEventListener("click", () => {
      if (photo.url) URL.revokeObjectURL(photo.url);
      chosen = chosen.filter((one) => one !== photo);
      show();
    });
    item.append(remove);
    return item;
  }));
  // Back into the form, so that what is shown is what is sent, whichever way it is sent.
  const files = new DataTransfer();
  chosen.forEach((photo) => files.items.add(photo.file));
  inputs[1].files = files.files;
  inputs[0].value = "";
  form.classList.toggle("has-photos", chosen.length > 0);
}

inputs.forEach((input) => input.addEventListener("change", async () => {
  say("");
  const added = [...input.files];
  send.disabled = true;
  for (const file of added) {
    if (chosen.length === most) {
      say(words.full);
      break;
    }
    chosen.push(await prepare(file));
  }
  send.disabled = false;
  show();
}));

form.addEventListener("submit", (event) => {
  if (!chosen.length || (event.submitter && event.submitter.name === "keep")) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  const failed = () => {
    say(words.failed);
    bar.hidden = true;
    send.disabled = false;
  };
  send.disabled = true;
  bar.hidden = false;
  request.upload.addEventListener("progress", (step) => {
    if (step.lengthComputable) bar.value = (100 * step.loaded) / step.total;
  });
  request.addEventListener("error", failed);
  request.addEventListener("load", () => {
    if (request.status < 400) return location.assign(request.responseURL);
    const answer = new DOMParser().parseFromString(request.responseText, "text/html");
    const sentence = answer.querySelector("[role=alert]:not([hidden]), main p:not(.progress p)");
    failed();
    if (sentence) say(sentence.textContent.trim());
    trouble.scrollIntoView({ block: "center" });
  });
  request.open("POST", form.action || location.href);
  request.send(new FormData(form));
});
