// Pictures of a delivery: a photo from the camera, or who received it by a signature or a typed name.
import { upload } from "./api.js";
import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { gettext } from "./i18n.js";

const SIDE = 1600; // pixels, as large as the server keeps it
const QUALITY = 0.85;
const PAPER = { width: 900, height: 360 };

const asJpeg = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));

// Which of the change's proofs is a picture: "photo", "signature" or undefined.
export function pictureKind(order, change) {
  const isPicture = change.requires.includes("proof") && ["photo", "signature"].includes(order.proof_kind);
  return isPicture ? order.proof_kind : undefined;
}

// The picture, {kind, blob}; undefined where the dialog was left.
export async function askPicture(kind) {
  const blob = await (kind === "signature" ? askSignature() : askPhoto());
  return blob && { kind, blob };
}

// Sends it, and gives the id by which the change that completes the delivery names it; `rest` as of `upload`.
export async function sendPicture(orderId, { kind, blob }, doneAt, rest) {
  const form = new FormData();
  form.append("proof", JSON.stringify({ kind, done_at: doneAt }));
  form.append("photo", blob, "photo.jpg");
  return (await upload(`/orders/${orderId}/delivery-proofs`, form, rest)).id;
}

// A photo, made smaller before it is kept and sent.
function askPhoto() {
  return openDialog(gettext("A photo of the delivery"), (close) => {
    const fault = h("p.notice.bad", { role: "alert", hidden: true }, gettext("This is no picture that can be read: take another one."));
    const preview = h("canvas.preview", { hidden: true, role: "img", "aria-label": gettext("The photo") });
    const done = h("button.main", { type: "button", disabled: true, onclick: async () => close(await asJpeg(preview)) }, gettext("Use this photo"));
    const field = h("input", { id: "photo", type: "file", accept: "image/*" });
    field.setAttribute("capture", "environment");
    field.addEventListener("change", async () => {
      const image = field.files[0] && (await createImageBitmap(field.files[0]).catch(() => null));
      fault.hidden = Boolean(image);
      preview.hidden = done.disabled = !image;
      if (!image) return;
      const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
      preview.width = Math.max(1, Math.round(image.width * scale));
      preview.height = Math.max(1, Math.round(image.height * scale));
      preview.getContext("2d").drawImage(image, 0, 0, preview.width, preview.height);
      done.focus();
    });
    return [h("label", { for: "photo" }, gettext("Take a photo of it where you left it")), field, fault, preview, done];
  });
}

// A signature drawn with a finger, or a name that is typed and drawn as one.
function askSignature() {
  return openDialog(gettext("Who received it?"), (close) => {
    const paper = h("canvas.signature", { ...PAPER, role: "img", "aria-label": gettext("Sign here with a finger") });
    const pen = paper.getContext("2d");
    const name = h("input", { id: "name", maxLength: 60, autocomplete: "off" });
    const done = h("button.main", { type: "button", disabled: true, onclick: async () => close(await asJpeg(paper)) }, gettext("Use it"));
    const clear = () => {
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, paper.width, paper.height);
      pen.strokeStyle = pen.fillStyle = "#111";
      pen.lineWidth = 5;
      pen.lineCap = pen.lineJoin = "round";
      done.disabled = true;
    };
    const place = (event) => {
      const box = paper.getBoundingClientRect();
      return [((event.clientX - box.left) * paper.width) / box.width, ((event.clientY - box.top) * paper.height) / box.height];
    };
    let isDrawing = false;
    paper.addEventListener("pointerdown", (event) => {
      paper.setPointerCapture(event.pointerId);
      isDrawing = true;
      pen.beginPath();
      pen.moveTo(...place(event));
    });
    paper.addEventListener("pointermove", (event) => {
      if (!isDrawing) return;
      pen.lineTo(...place(event));
      pen.stroke();
      done.disabled = false;
    });
    for (const end of ["pointerup", "pointercancel"]) paper.addEventListener(end, () => { isDrawing = false; });
    name.addEventListener("input", () => {
      clear();
      pen.font = "italic 90px Georgia, serif";
      pen.fillText(name.value, 40, 220, paper.width - 80);
      done.disabled = !name.value.trim();
    });
    clear();
    return [
      paper,
      h("button.quiet", { type: "button", onclick: () => { name.value = ""; clear(); } }, gettext("Begin anew")),
      h("label", { for: "name" }, gettext("Or type the name")),
      name,
      done,
    ];
  });
}
