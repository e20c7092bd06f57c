// Photographs: turned upright and made small here, shown before they are sent, with a hint when one is
// hopeless.
// Without this file the same form sends the files as they are.
const LONGEST = 2000; // pixels; what the reader needs, at a tenth of a phone's file
const QUALITY = 0.85;

const form = document.getElementById("photos");
const inputs = [document.getElementById("camera"), document.getElementById("gallery")];
const list = document.getElementById("previews");
const trouble = document.getElementById("trouble");
const send = document.getElementById("send");
const bar = document.getElementById("sent");
const words = form.dataset;
const most = Number(words.most);
const limits = JSON.parse(words.limits);
const troubles = JSON.parse(words.troubles);
const anyway = document.getElementById("anyway");
const usual = send.textContent;
let chosen = [];

function canvasOf(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function prepare(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return { file, url: "", trouble: "", hint: words.unreadable }; // HEIC on most browsers: the server opens it
  }
  const canvas = canvasOf(bitmap, LONGEST);
  bitmap.close();
  const found = firstLook(canvas, limits);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  const small = blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  return { file: small, url: URL.createObjectURL(small), trouble: found, hint: troubles[found] };
}

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

// A long receipt goes on in the next photograph: of several each may be cut off.
const isTroubled = (photo) => photo.trouble && !(photo.trouble === "cut_off" && chosen.length > 1);

function leave(photo) {
  if (photo.url) URL.revokeObjectURL(photo.url);
  chosen = chosen.filter((one) => one !== photo);
  show();
}

function button(text, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", action);
  return made;
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
    if (photo.hint && (!photo.trouble || isTroubled(photo))) {
      const hint = document.createElement("p");
      hint.textContent = photo.hint;
      item.append(hint);
    }
    if (isTroubled(photo)) {
      const again = button(`${words.again} (${place + 1})`, () => {
        leave(photo);
        inputs[0].click();
      });
      again.className = "again";
      item.append(again);
    }
    item.append(button(`${words.remove} (${place + 1})`, () => leave(photo)));
    return item;
  }));
  // Back into the form, so that what is shown is what is sent, whichever way it is sent.
  const files = new DataTransfer();
  chosen.forEach((photo) => files.items.add(photo.file));
  inputs[1].files = files.files;
  inputs[0].value = "";
  form.classList.toggle("has-photos", chosen.length > 0);
  const warned = chosen.some(isTroubled);
  send.textContent = warned ? words.anyway : usual;
  send.classList.toggle("primary", !warned);
  send.classList.toggle("wide", warned);
  anyway.disabled = !warned; // said here already: the server need not say it again
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
