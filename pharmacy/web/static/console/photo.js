// Photographs that are too large to send are made smaller here, before they leave the browser.
"use strict";
(() => {
  const MOST_BYTES = 4 * 1024 * 1024; // as the server takes
  const LONGEST_SIDE = 2000; // pixels: a label on it is still read without effort
  const QUALITY = 0.85;

  const tooLarge = (input) => input.files.length === 1 && input.files[0].size > MOST_BYTES;

  async function smaller(file) {
    const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(whole.width, whole.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(whole.width * scale);
    canvas.height = Math.round(whole.height * scale);
    const drawing = canvas.getContext("2d");
    drawing.fillStyle = "#ffffff"; // what was see-through
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    drawing.drawImage(whole, 0, 0, canvas.width, canvas.height);
    whole.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    return new File([blob], `${file.name.replace(/\.[^.]*$/, "")}.jpg`, { type: "image/jpeg" });
  }

  async function shrink(input) {
    const note = document.getElementById(input.getAttribute("aria-describedby"));
    const words = note && note.textContent;
    if (note) note.textContent = "Making the photograph smaller…";
    try {
      const chosen = new DataTransfer();
      chosen.items.add(await smaller(input.files[0]));
      input.files = chosen.files;
    } catch { // not a picture that this browser reads: the server says so in words
    } finally {
      if (note) note.textContent = words;
    }
  }

  document.addEventListener("htmx:confirm", async (event) => {
    const form = event.target.closest("form");
    const input = form && form.querySelector('input[type=file][accept^="image/"]');
    if (!input || !tooLarge(input)) return;
    event.preventDefault(); // the request waits
    await shrink(input);
    event.detail.issueRequest(true);
  });
})();
