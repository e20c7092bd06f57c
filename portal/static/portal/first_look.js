// The first look at a photograph, before it is sent: the same steps with the same limits as receipts/first_look.py.
// firstLook(canvas, limits) names the trouble, or nothing.
const firstLook = (() => {
  function greyCopy(canvas, pixels) {
    const scale = Math.min(1, Math.sqrt(pixels / (canvas.width * canvas.height)));
    const width = Math.max(1, Math.round(canvas.width * scale));
    const height = Math.max(1, Math.round(canvas.height * scale));
    const rgba = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const grey = new Float32Array(width * height);
    const column = Int32Array.from({ length: canvas.width }, (_, x) => Math.min(width - 1, Math.floor(((x + 0.5) * width) / canvas.width)));
    const count = new Int32Array(width * height);
    for (let y = 0, at = 0; y < canvas.height; y++) {
      const row = width * Math.min(height - 1, Math.floor(((y + 0.5) * height) / canvas.height));
      for (let x = 0; x < canvas.width; x++, at += 4) {
        grey[row + column[x]] += 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
        count[row + column[x]]++;
      }
    }
    for (let i = 0; i < grey.length; i++) grey[i] = Math.round(grey[i] / Math.max(1, count[i]));
    return { grey, width, height };
  }

  function edges({ grey, width, height }) {
    let sum = 0, squares = 0;
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const i = y * width + x;
        // Kept to what a byte holds, as the server's filter does.
        const edge = Math.max(-128, Math.min(127, 4 * grey[i] - grey[i - 1] - grey[i + 1] - grey[i - width] - grey[i + width]));
        sum += edge;
        squares += edge * edge;
      }
    }
    const count = Math.max(1, (width - 2) * (height - 2));
    return squares / count - (sum / count) ** 2;
  }

  // The mean of the pixels around each one; beyond the border lies what lies at it.
  function blurred(from, length, lines, step, stride, radius) {
    const to = new Float32Array(from.length);
    const inside = (k) => Math.max(0, Math.min(length - 1, k));
    for (let line = 0; line < lines; line++) {
      const base = line * stride;
      let sum = 0;
      for (let k = -radius; k <= radius; k++) sum += from[base + inside(k) * step];
      for (let k = 0; k < length; k++) {
        to[base + k * step] = sum / (2 * radius + 1);
        sum += from[base + inside(k + radius + 1) * step] - from[base + inside(k - radius) * step];
      }
    }
    return to;
  }

  function strokesOf(copy, limits) {
    const { grey, width, height } = copy;
    const rows = blurred(grey, width, height, 1, width, limits.around);
    const around = blurred(rows, height, width, width, 1, limits.around);
    const ink = new Uint8Array(grey.length);
    for (let i = 0; i < grey.length; i++) {
      ink[i] = around[i] - grey[i] > Math.max(limits.ink_least, limits.ink_share * around[i]) ? 1 : 0;
    }
    return { ...copy, ink };
  }

  // Seen from a side: 0 top, 1 bottom, 2 left, 3 right; `at` gives the place in the picture of a row and a column.
  function seenFrom(strokes, side) {
    const { width, height } = strokes;
    const [rows, columns] = side > 1 ? [width, height] : [height, width];
    const at = [
      (row, column) => row * width + column,
      (row, column) => (height - 1 - row) * width + column,
      (row, column) => column * width + row,
      (row, column) => column * width + width - 1 - row,
    ][side];
    return { ...strokes, side, rows, columns, at };
  }

  function cellsOf(view, rows, high, limits) {
    const { grey, ink, width, at } = view;
    const down = Math.floor(rows / high);
    const across = Math.floor(view.columns / limits.cell);
    const cells = { down, across, print: new Uint8Array(down * across), paper: [], light: [] };
    for (let c = 0; c < down * across; c++) {
      const top = Math.floor(c / across) * high, left = (c % across) * limits.cell;
      let inked = 0, light = 0, blank = 0, squares = 0, changesX = 0, changesY = 0;
      for (let y = 0; y < high; y++) {
        for (let x = 0; x < limits.cell; x++) {
          const i = at(top + y, left + x);
          if (i % width && ink[i] !== ink[i - 1]) changesX++;
          if (i >= width && ink[i] !== ink[i - width]) changesY++;
          light += grey[i];
          if (ink[i]) inked++;
          else {
            blank += grey[i];
            squares += grey[i] * grey[i];
          }
        }
      }
      const size = high * limits.cell;
      const ofPaper = Math.max(size - inked, 0.01 * size), ofInk = Math.max(inked, 0.01 * size);
      const paper = blank / ofPaper;
      const contrast = paper - (light - blank) / ofInk;
      const roughness = Math.max(squares / ofPaper - paper * paper, 0);
      cells.print[c] = Math.min(changesX, changesY) / size > limits.busy && roughness < (limits.rough * contrast) ** 2 ? 1 : 0;
      cells.paper.push(paper);
      cells.light.push(light / size);
    }
    return cells;
  }

  function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  const count = (cells) => cells.print.reduce((sum, one) => sum + one, 0);
  const whole = (strokes, limits) => cellsOf(seenFrom(strokes, 0), strokes.height, limits.cell, limits);

  function isCut(view, limits) {
    const cells = cellsOf(view, view.rows, limits.cell, limits);
    const rim = cellsOf(view, Math.min(limits.rim, view.rows), limits.rim, limits);
    const papers = cells.paper.filter((_, c) => cells.print[c]);
    if (!papers.length || !rim.down) return false;
    const least = median(papers) / 2;
    cells.paper.forEach((light, c) => { if (light <= least) cells.print[c] = 0; }); // no paper but the noise beside it
    const cut = rim.light.filter((light, c) => rim.print[c] && light > least).length;
    return cut >= limits.rim_print || runsOut(cells, rim.light, limits);
  }

  function runsOut(cells, border, limits) {
    const rows = Math.min(cells.down, Math.max(limits.near, Math.floor(cells.down / 4)));
    const inColumn = new Array(cells.across).fill(0), inRow = new Array(rows).fill(0), papers = [];
    for (let c = 0; c < rows * cells.across; c++) {
      if (!cells.print[c]) continue;
      inColumn[c % cells.across]++;
      inRow[Math.floor(c / cells.across)]++;
      papers.push(cells.paper[c]);
    }
    const columns = [...inColumn.keys()].filter((x) => inColumn[x]);
    const line = inRow.findIndex((sum) => sum >= 2);
    if (columns.length < 4 || line < 0 || line > limits.near) return false;
    const some = Math.floor(columns.length / 20);
    const first = columns[some], last = columns[columns.length - 1 - some];
    const beside = [...border.slice(0, Math.max(0, first - 2)), ...border.slice(last + 3)];
    const paper = median(papers);
    const above = median(border.slice(first, last + 1));
    return beside.length >= 3 && above > limits.paper_light * paper && median(beside) < limits.table_light * paper;
  }

  return (canvas, limits) => {
    if (Math.min(canvas.width, canvas.height) < limits.least_side) return "too_small";
    const copy = greyCopy(canvas, limits.pixels);
    let light = 0, glaring = 0;
    for (const value of copy.grey) {
      light += value;
      if (value >= limits.glaring) glaring++;
    }
    if (light / copy.grey.length < limits.least_light) return "too_dark";
    if (glaring > limits.most_glare * copy.grey.length) return "glare";
    if (edges(copy) < limits.least_edges) return "blurred";
    const strokes = strokesOf(copy, limits);
    const closer = () => whole(strokesOf(greyCopy(canvas, limits.closer * limits.pixels), limits), limits);
    if (count(whole(strokes, limits)) < limits.least_print && count(closer()) < limits.least_print) return "no_print";
    return [0, 1, 2, 3].some((side) => isCut(seenFrom(strokes, side), limits)) ? "cut_off" : "";
  };
})();
