"use strict";
(() => {
  const canvas = document.getElementById("space");
  const pen = canvas && canvas.getContext && canvas.getContext("2d");
  if (!pen) return;
  const scene = JSON.parse(canvas.dataset.scene);
  const ENDS = [["L", 1, 0, 0], ["R", -1, 0, 0], ["P", 0, 1, 0], ["A", 0, -1, 0], ["S", 0, 0, 1], ["I", 0, 0, -1]];
  // Degrees: round the long axis of the patient, and up or down. 0, 0 is from the front.
  const VIEWS = { front: [0, 0], left: [90, 0], back: [180, 0], feet: [0, -90] };
  const STEP = 10;
  let turn = 0, tilt = 0, waiting = 0, held = null;

  for (const one of scene.volumes) {
    const p = one.points, f = one.faces;
    one.sizes = [];
    for (let n = 0; n < f.length; n += 4) {
      const [a, b, c, d] = [f[n] * 3, f[n + 1] * 3, f[n + 2] * 3, f[n + 3] * 3];
      const x1 = p[c] - p[a], y1 = p[c + 1] - p[a + 1], z1 = p[c + 2] - p[a + 2];
      const x2 = p[d] - p[b], y2 = p[d + 1] - p[b + 1], z2 = p[d + 2] - p[b + 2];
      one.sizes.push(Math.hypot(y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2) || 1);
    }
  }

  function draw() {
    waiting = 0;
    const ratio = window.devicePixelRatio || 1;
    const wide = canvas.clientWidth, high = canvas.clientHeight;
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, wide, high);
    const scale = 0.44 * Math.min(wide, high) / scene.radius;
    const a = turn * Math.PI / 180, b = tilt * Math.PI / 180;
    const ca = Math.cos(a), sa = Math.sin(a), cb = Math.cos(b), sb = Math.sin(b);
    const right = [ca, sa, 0], up = [-sa * sb, ca * sb, cb], away = [-sa * cb, ca * cb, -sb];
    const along = (v, x, y, z) => v[0] * x + v[1] * y + v[2] * z;
    const faces = [];
    for (const one of scene.volumes) {
      if (!one.shown) continue;
      const p = one.points, f = one.faces, x = [], y = [], far = [];
      for (let n = 0; n < p.length; n += 3) {
        x.push(along(right, p[n], p[n + 1], p[n + 2]));
        y.push(along(up, p[n], p[n + 1], p[n + 2]));
        far.push(along(away, p[n], p[n + 1], p[n + 2]));
      }
      for (let n = 0; n < f.length; n += 4) {
        const [i, j, k, l] = [f[n], f[n + 1], f[n + 2], f[n + 3]];
        const facing = (x[k] - x[i]) * (y[l] - y[j]) - (y[k] - y[i]) * (x[l] - x[j]);
        if (facing <= 0) continue;
        faces.push([far[i] + far[j] + far[k] + far[l], facing / one.sizes[n / 4], one,
          x[i], y[i], x[j], y[j], x[k], y[k], x[l], y[l]]);
      }
    }
    faces.sort((one, two) => two[0] - one[0]);
    pen.lineWidth = 0.6;
    for (const face of faces) {
      const one = face[2], light = 0.45 + 0.55 * face[1];
      pen.fillStyle = `rgba(${one.colour.map((part) => Math.round(part * light)).join()},${one.alpha})`;
      pen.beginPath();
      for (let n = 3; n < 11; n += 2) pen.lineTo(wide / 2 + face[n] * scale, high / 2 - face[n + 1] * scale);
      pen.closePath();
      pen.fill();
      if (one.unverified || one.alpha === 1) {
        pen.strokeStyle = one.unverified ? "rgba(0,0,0,0.55)" : pen.fillStyle;
        pen.stroke();
      }
    }
    pen.font = "bold 15px sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const [word, x, y, z] of ENDS) {
      if (Math.abs(along(away, x, y, z)) > 0.97) continue;
      pen.fillStyle = along(away, x, y, z) > 0.3 ? "#8a919c" : "#1c2430";
      const reach = scene.radius * scale * 1.06;
      pen.fillText(word, wide / 2 + along(right, x, y, z) * reach, high / 2 - along(up, x, y, z) * reach);
    }
  }

  function later() {
    if (!waiting) waiting = window.requestAnimationFrame(draw);
  }
  function move(across, down) {
    turn = (turn - across + 360) % 360;
    tilt = Math.max(-90, Math.min(90, tilt + down));
    later();
  }

  canvas.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    move((event.clientX - held[0]) * 0.5, (event.clientY - held[1]) * 0.5);
    held = [event.clientX, event.clientY];
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { held = null; });
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (!by) return;
    move(by[0], by[1]);
    event.preventDefault();
  });
  for (const box of document.querySelectorAll("input[data-volume]")) {
    scene.volumes[box.dataset.volume].shown = box.checked;
    box.addEventListener("change", () => {
      scene.volumes[box.dataset.volume].shown = box.checked;
      later();
    });
  }
  for (const button of document.querySelectorAll("button[data-view]")) {
    button.addEventListener("click", () => {
      [turn, tilt] = VIEWS[button.dataset.view];
      later();
    });
  }
  window.addEventListener("resize", later);
  document.getElementById("space-live").hidden = false;
  document.getElementById("space-still").hidden = true;
  draw();
})();
