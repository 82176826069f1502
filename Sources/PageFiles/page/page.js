/**
 * The live page of `diffuse-gpu serve`: a start time, two runs of the same seeds, and the potential that their samples move in.
 *
 * A `View` is a tab: its settings, its two `Job`s (the run from the prior and the late one) and its drawings. `WorldView` knows the two
 * points, `ModelView` a model. `Server` notices when the server goes and comes back. What must outlive a reload is in `memory`.
 */

/** What the two runs of a view are called. */
const RUNS = { prior: 'From the prior', late: 'Late start' };

/** What a late run begins with, by its initialiser. */
const ORIGINS = {
  gaussian: 'a Gaussian with the mean and covariance of the data',
  flow: "the prior's noise, carried along the flow of that Gaussian",
  'class-gaussian': 'a Gaussian with the moments of the class',
  noise: 'plain noise, without the mean and covariance of the data',
};

const SVG = 'http://www.w3.org/2000/svg';

// Small helpers

/** The first element that a selector finds. */
const find = (selector, root = document) => root.querySelector(selector);

/** A new HTML element with properties and children. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A new SVG element with attributes and children. */
function shape(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Sets a text only where it changes, so that nothing is announced or laid out in vain. */
function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

/** A command whose options stay on one line each. */
const words = (command) => command.split(/( )(?=--)/).map((part) => (part === ' ' ? part : element('span', {}, part)));

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** A function that calls another one 150 ms after its own last call. */
function debounced(action) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, 150);
  };
}

/** The element of a list for which a measure is least. */
const least = (list, measure) => list.reduce((best, next) => (measure(next) < measure(best) ? next : best));

/** The answer of the server to a request, parsed: also where it does not answer. */
async function ask(path, body) {
  const options = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(path, options);
    return { status: answer.status, ok: answer.ok, content: await answer.json() };
  } catch {
    server.check();
    return { ok: false, content: { error: 'the server does not answer' } };
  }
}

// What the page keeps and says

/** What a reload must find again, kept for this tab of the browser. */
const memory = {
  content: JSON.parse(sessionStorage.getItem('diffuse-gpu') ?? '{}'),

  save(changes) {
    Object.assign(this.content, changes);
    sessionStorage.setItem('diffuse-gpu', JSON.stringify(this.content));
  },

  /** Takes a random word for this page. A copy of a browser tab has the word of its original, whose lock it cannot get: it takes a new one. */
  async takeWord() {
    const { word = randomWord() } = this.content;
    this.save({ word });
    if (await lock(word)) return;
    this.save({ word: randomWord(), views: {} });
    await lock(this.content.word);
  },
};

const randomWord = () => Math.random().toString(36).slice(2, 10);

/** Holds a lock as long as the page lives. Says whether it was free. Pages of another host than this machine have no locks. */
function lock(name) {
  if (!navigator.locks) return true;
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (held) => {
      resolve(held !== null);
      return held && new Promise(() => {});
    });
  });
}

/** The status line, which is announced. It changes at most once a second. */
const status = {
  line: find('[role=status]'),

  say(text, alarm = false) {
    this.next = { text, alarm };
    this.timer ??= setTimeout(() => this.show(), Math.max(0, (this.shown ?? 0) + 1000 - performance.now()));
  },

  show() {
    this.timer = undefined;
    if (this.line.textContent === this.next.text) return;
    this.shown = performance.now();
    this.line.textContent = this.next.text;
    this.line.classList.toggle('alarm', this.next.alarm);
  },
};

/** Asks for the models every few seconds: so the page sees what is computed meanwhile, and that the server is gone or back. */
const server = {
  answers: true,
  flags: [],

  /** Asks now, and later again while the page is seen: sooner while something is computed or nobody answers. */
  async check() {
    if (this.asking) return;
    this.asking = true;
    clearTimeout(this.timer);
    const content = await fetch('/api/models').then((answer) => answer.json()).catch(() => undefined);
    this.asking = false;
    const back = content && !this.answers;
    this.answers = Boolean(content);
    if (content) {
      this.flags = content.models.map((model) => model.flag);
      page.update(content, back);
    } else {
      status.say(`The server does not answer; start it again with: ${this.command}`, true);
    }
    const soon = !content || content.models.some(unfinished);
    if (!document.hidden) this.timer = setTimeout(() => this.check(), soon ? 2000 : 5000);
  },

  /** The command that starts it as it was. */
  get command() {
    return ['diffuse-gpu serve', `--port ${location.port || 80}`, ...this.flags].join(' ');
  },
};

/** Whether something of a model is still being computed. */
const unfinished = (model) => [model.starts, model.critical, model.line].some(({ state }) => state === 'computing' || state === 'waiting');

/** A part of a model in words, as long as it is not ready. */
function progressOf(part, name) {
  if (part.state === 'computing') return `${name} is being computed: ${part.done} of ${part.total}.`;
  if (part.state === 'waiting') return `${name} waits to be computed.`;
  return part.state === 'absent' ? `${name} is not known: ${part.reason}.` : '';
}

// Jobs

/** A run on the server, in a slot of this page: a new one ends the one before. */
class Job {
  state = 'none';
  trail = [];

  constructor(name, saved, changed) {
    this.name = name;
    this.changed = changed;
    Object.assign(this, saved);
  }

  /** What is found again after a reload. */
  get saved() { return this.id ? { id: this.id, request: this.request, command: this.command } : {}; }

  get finished() { return this.state === 'done' || this.state === 'failed'; }

  /** Runs what is asked for, unless that is run or done already. */
  want(request) {
    const same = JSON.stringify(request) === JSON.stringify(this.request);
    if (same && this.state !== 'failed' && this.state !== 'cancelled') return;
    this.submit(request);
  }

  /** Sends a request. While one is on its way, the newest one waits for it. */
  async submit(request) {
    this.next = request;
    if (this.sending) return;
    this.sending = true;
    while (this.next) await this.send();
    this.sending = false;
  }

  async send() {
    this.request = this.next;
    this.next = undefined;
    this.close();
    this.become('sent', { id: undefined, of: this.request.steps, step: 0 });
    const slot = `${memory.content.word}/${this.name}`;
    const answer = await ask('/api/jobs', { ...this.request, slot });
    if (answer.status === 409) {
      this.become('refused');
      await wait(2);
      if (this.paused) this.become('cancelled');
      else this.next ??= this.request;
    } else if (answer.ok) {
      this.become('queued', answer.content);
      if (!this.next) this.follow();
    } else {
      this.become('failed', answer.content);
    }
  }

  /** Listens to the events of the run. */
  follow() {
    if (this.paused) return;
    this.close();
    this.source = new EventSource(`/api/jobs/${this.id}/events`);
    for (const kind of ['queued', 'step', 'done', 'cancelled', 'failed']) {
      this.source.addEventListener(kind, (event) => this.receive(kind, JSON.parse(event.data)));
    }
    this.source.addEventListener('error', () => this.interrupted());
  }

  /** The browser connects again by itself, unless the server no longer knows the run. */
  async interrupted() {
    server.check();
    if (this.source.readyState !== EventSource.CLOSED) return;
    await wait(2);
    this.takeUp();
  }

  receive(kind, data) {
    if (data.step && this.state !== 'running') this.trail = [];
    if (data.places) this.trail.push({ step: data.training_step, places: data.places });
    // The steps of a world are over before they are seen: the last event has them all.
    if (data.path) this.trail = data.path.map(({ training_step: step, places }) => ({ step, places }));
    this.become(kind === 'step' ? 'running' : kind, data);
    if (this.finished || kind === 'cancelled') this.close();
  }

  become(state, data = {}) {
    Object.assign(this, data, { state });
    this.changed();
  }

  close() {
    this.source?.close();
    this.source = undefined;
  }

  /** Stops listening, as long as the page or the tab is not seen. */
  pause() {
    this.paused = true;
    this.close();
  }

  async resume() {
    this.paused = false;
    await this.takeUp();
  }

  /** Forgets the run: a server that was started again knows nothing of it, and may give its number to another one. */
  forget() {
    this.close();
    Object.assign(this, { id: undefined, request: undefined, state: 'none' });
  }

  /** Listens again. What the server has given up or forgotten meanwhile is run again. */
  async takeUp() {
    if (!this.id || this.finished || this.sending || this.paused) return;
    const { ok, content } = await ask(`/api/jobs/${this.id}`);
    if (ok && content.state !== 'cancelled') this.follow();
    else this.submit(this.request);
  }

  /** What a run that is done has taken. */
  get cost() {
    const time = this.seconds < 0.1 ? `${Math.round(1000 * this.seconds)} ms` : `${this.seconds?.toFixed(2)} s`;
    return `${this.evaluations} evaluations in ${time}`;
  }

  /** The state in words, without a full stop. */
  get words() {
    return {
      queued: this.ahead > 0 ? `waits, ${this.ahead} ahead` : 'begins',
      running: `step ${this.step} of ${this.of}`,
      done: `done, ${this.cost}`,
      failed: this.error,
      cancelled: 'stopped',
      refused: 'the queue is full; it is asked again in two seconds',
    }[this.state] ?? 'begins';
  }
}

// Drawings

/** A chart of a given height that is as wide as its place on the page, so that its text keeps its size. */
class Chart {
  static margin = { left: 44, right: 10, top: 8, bottom: 36 };
  static count = 0;

  constructor(node, height, title) {
    Object.assign(this, { node, height });
    this.name = `chart-${(Chart.count += 1)}`;
    node.setAttribute('aria-labelledby', `${this.name}-title`);
    node.setAttribute('aria-describedby', `${this.name}-text`);
    this.description = shape('desc', { id: `${this.name}-text` });
    this.inside = shape('path');
    this.body = shape('g');
    const clip = shape('clipPath', { id: this.name }, this.inside);
    node.append(shape('title', { id: `${this.name}-title` }, title), this.description, clip, this.body);
  }

  /** Empties the chart and sets what its edges stand for: `x` and `y` are [value at the left or lower edge, value at the other]. */
  begin(x, y, margin = Chart.margin) {
    const width = this.node.clientWidth || 300;
    this.node.setAttribute('viewBox', `0 0 ${width} ${this.height}`);
    this.node.setAttribute('height', this.height);
    this.box = { left: margin.left, right: width - margin.right, top: margin.top, bottom: this.height - margin.bottom };
    const scale = ([from, to], low, high) => (value) => low + ((value - from) / (to - from)) * (high - low);
    this.x = scale(x, this.box.left, this.box.right);
    this.y = scale(y, this.box.bottom, this.box.top);
    const { left, right, top, bottom } = this.box;
    this.inside.setAttribute('d', `M${left} ${top}H${right}V${bottom}H${left}z`);
    this.body.replaceChildren();
  }

  add(name, attributes, ...children) { this.body.append(shape(name, attributes, ...children)); }

  /** Numbers below the chart, with a name. */
  xAxis(values, name) {
    const { left, right, bottom } = this.box;
    for (const value of values) this.add('text', { x: this.x(value), y: bottom + 15, class: 'middle' }, value);
    this.add('text', { x: (left + right) / 2, y: bottom + 32, class: 'middle' }, name);
  }

  /** Lines across the chart with numbers at their left. */
  yAxis(values) {
    for (const value of values) {
      const y = this.y(value);
      this.add('path', { d: `M${this.box.left} ${y}H${this.box.right}`, class: 'grid' });
      this.add('text', { x: this.box.left - 8, y: y + 4, class: 'end' }, value);
    }
  }

  /** Lines, each through points, cut off at the edges. */
  lines(lines, kind) {
    const path = (points) => points.map(([x, y], place) => `${place ? 'L' : 'M'}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`).join('');
    this.add('path', { d: lines.map(path).join(''), class: kind, 'clip-path': `url(#${this.name})` });
  }

  /** A vertical line. */
  mark(value, kind) {
    this.add('path', { d: `M${this.x(value).toFixed(1)} ${this.box.top}V${this.box.bottom}`, class: kind });
  }

  /** A line's name at a height: at its left or at its right, where there is room. */
  label(value, name, height, leftwards) {
    const x = this.x(value);
    const ends = leftwards ? x - this.box.left > 50 : this.box.right - x < 50;
    this.add('text', { x: x + (ends ? -6 : 6), y: height, class: ends ? 'label end' : 'label' }, name);
  }

  /** Marks at points in pixels: circles of the run from the prior, triangles of the late one. */
  dots(points, run, size = 3.5) {
    const one = run === 'prior'
      ? `m${-size} 0a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0`
      : `m${-size - 0.5} ${size}h${2 * size + 1}l${-size - 0.5} ${-2 * size}z`;
    this.add('path', { d: points.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}${one}`).join(''), class: `${run} dots` });
  }
}

/** Up to four round numbers between zero and a limit. */
function roundNumbers(limit) {
  const power = 10 ** Math.floor(Math.log10(limit / 3));
  const stride = [1, 2, 5, 10].map((factor) => factor * power).find((value) => limit / value < 4.5);
  return Array.from({ length: Math.floor(limit / stride) + 1 }, (_, place) => Number((place * stride).toPrecision(3)));
}

/** Fills a `details` with a table, as long as it is open. */
function tabulate(details, caption, head, rows) {
  details.fill = () => {
    if (!details.open) return;
    const row = (cells, name) => element('tr', {}, ...cells.map((cell) => element(name, {}, String(cell))));
    const table = element('table', {}, element('caption', {}, caption), element('thead', {}, row(head, 'th')),
      element('tbody', {}, ...rows().map((cells) => row(cells, 'td'))));
    const scroll = element('div', { className: 'scroll', tabIndex: 0, role: 'region', ariaLabel: caption }, table);
    details.replaceChildren(find('summary', details), scroll);
  };
  details.ontoggle = details.fill;
  details.fill();
}

// What is known of a potential

/** The lowest points of a curve. */
function valleysOf(places, potential) {
  return places.filter((_, i) => i > 0 && i < places.length - 1 && potential[i] < potential[i - 1] && potential[i] <= potential[i + 1]);
}

/** A potential between a curve's points. */
function heightAt({ places }, potential, place) {
  const at = Math.min(places.length - 1.001, Math.max(0, ((place - places[0]) / (places.at(-1) - places[0])) * (places.length - 1)));
  const below = Math.floor(at);
  return potential[below] + (at - below) * (potential[below + 1] - potential[below]);
}

/** The lines of a branch that is stable in parts: each part begins where the one before ends. */
function partsOf(branch) {
  const parts = [];
  for (const { step, place, stable } of branch) {
    const last = parts.at(-1);
    if (last?.stable === stable) last.points.push([step, place]);
    else parts.push({ stable, points: last ? [last.points.at(-1), [step, place]] : [[step, place]] });
  }
  return parts;
}

/** Lines through valleys and hills of falling steps: each goes on with the nearest point of its kind at the next level. */
function linked(levels, branches) {
  const lines = [];
  let open = [];
  for (const { step } of levels) {
    const points = branches.filter((point) => point.step === step);
    open = points.map(({ place, stable }) => {
      const near = open.filter((line) => line.stable === stable && Math.abs(line.points.at(-1)[1] - place) < 0.4);
      const line = near.length ? least(near, (one) => Math.abs(one.points.at(-1)[1] - place)) : { stable, points: [] };
      open = open.filter((one) => one !== line);
      if (!line.points.length) lines.push(line);
      line.points.push([step, place]);
      return line;
    });
  }
  return lines;
}

// Views

/** A tab with its panel. Subclasses know what is sampled. */
class View {
  constructor(name, last) {
    Object.assign(this, { name, last });
    this.saved = memory.content.views?.[name] ?? {};
    this.panel = find('#view').content.cloneNode(true).firstElementChild;
    this.form = find('.settings', this.panel);
    this.slider = find('input.start', this.panel);
    this.number = find('input.step', this.panel);
    this.slider.max = last - 1;
    this.number.max = last;
    this.jobs = {};
    for (const run of Object.keys(RUNS)) this.jobs[run] = new Job(run, this.saved.jobs?.[run], () => this.changed());
    this.potential = new Chart(find('.potential svg', this.panel), 210, 'Potential at the start of the late run');
    this.branches = new Chart(find('.branches svg', this.panel), 230, 'Fixed points over the training step');
    this.listen();
  }

  get settings() { return Object.fromEntries(new FormData(this.form)); }

  /** The training step of the late start: the slider runs from the prior at its left to the data at its right. */
  get start() { return this.last - this.slider.value; }

  set start(step) {
    this.slider.value = this.last - step;
    this.number.value = this.start;
  }

  listen() {
    const runSoon = debounced(() => this.run());
    const moved = () => {
      this.draw();
      runSoon();
    };
    this.slider.oninput = () => {
      this.number.value = this.start;
      moved();
    };
    this.number.oninput = () => {
      if (!this.number.checkValidity()) return;
      this.slider.value = this.last - this.number.value;
      moved();
    };
    this.form.oninput = () => this.settingsChanged();
    this.form.onchange = moved;
    this.form.onsubmit = (event) => event.preventDefault();
    find('.recommended', this.panel).onclick = () => {
      this.start = this.recommended.step;
      moved();
    };
    for (const [run, job] of Object.entries(this.jobs)) {
      find(`.command.${run} button`, this.panel).onclick = () => this.copy(run, job.command);
    }
    new ResizeObserver(() => this.draw()).observe(this.panel);
  }

  /** Fills a list to choose from. */
  offer(name, values, chosen) {
    this.form.elements[name].replaceChildren(...values.map(([value, text]) => element('option', { value }, text ?? value)));
    this.form.elements[name].value = chosen;
  }

  /** Sets the settings to those before a reload, or the start to a good one. */
  restore(start) {
    for (const [name, value] of Object.entries(this.saved.settings ?? {})) this.form.elements[name].value = value;
    this.start = this.saved.start ?? start;
    this.settingsChanged();
  }

  save() {
    const jobs = Object.fromEntries(Object.entries(this.jobs).map(([run, job]) => [run, job.saved]));
    memory.save({ views: { ...memory.content.views, [this.name]: { settings: this.settings, start: this.start, jobs } } });
  }

  /** Runs what has changed: the late run, and the one from the prior where other settings than the start did. */
  run() {
    if (this.panel.hidden) return;
    const wrong = find(':invalid', this.form);
    if (wrong) {
      status.say(`${wrong.labels[0].firstChild.textContent.trim()}: ${wrong.validationMessage}`);
      return;
    }
    this.jobs.prior.want(this.request(null, 'gaussian'));
    this.jobs.late.want(this.request(this.start, this.settings.init));
    this.save();
  }

  /** The request of a run: the part that worlds and models share. */
  request(start, init) {
    const { steps, sampler, seeds } = this.settings;
    return { start, init, steps: Number(steps), sampler, seeds };
  }

  async show() {
    this.panel.hidden = false;
    this.load();
    this.report();
    await Promise.all(Object.values(this.jobs).map((job) => job.resume()));
    this.run();
  }

  hide() {
    this.panel.hidden = true;
    this.pause();
  }

  pause() { for (const job of Object.values(this.jobs)) job.pause(); }

  async copy(run, command) {
    try {
      await navigator.clipboard.writeText(command);
      status.say('The command is copied.');
    } catch {
      getSelection().selectAllChildren(find(`.command.${run} code`, this.panel));
      status.say('The browser does not let the page copy; the command is selected.');
    }
  }

  /** A job has news. */
  changed() {
    this.save();
    if (!this.panel.hidden) this.report();
  }

  report() {
    if (server.answers) status.say(Object.entries(this.jobs).map(([run, job]) => `${RUNS[run]}: ${job.words}.`).join(' '));
    this.draw();
  }

  /** Draws all, at most once a frame. */
  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.panel.hidden) return;
      this.drawStart();
      for (const run of Object.keys(RUNS)) this.drawRun(run, this.jobs[run], find(`.run.${run}`, this.panel));
      find('.plots', this.panel).hidden = !this.landscape;
      if (this.landscape) {
        this.drawPotential();
        this.drawBranches();
      }
      setText(find('.intro', this.panel), this.intro);
    });
  }

  /** Where a step lies, in words. */
  get where() {
    const { critical, start } = this;
    if (!critical) return '';
    if (start >= critical.lower && start <= critical.upper) return 'at the break';
    return start > critical.step ? 'before the break' : 'after the break';
  }

  /** The slider, the marks on its strip, and the sentence about the start. */
  drawStart() {
    const { start, critical, recommended, where } = this;
    this.slider.setAttribute('aria-valuetext', [`step ${start} of ${this.last + 1}`, where].filter(Boolean).join(', '));
    const strip = find('.strip', this.panel);
    strip.classList.toggle('broken', Boolean(critical));
    strip.classList.toggle('advised', Boolean(recommended));
    const marks = { critical: critical?.step, lower: critical?.upper, upper: critical?.lower, advised: recommended?.step };
    for (const [name, step] of Object.entries(marks)) {
      if (step) strip.style.setProperty(`--${name}`, `${(100 * (this.last - step)) / (this.last - 1)}%`);
    }
    const button = find('.recommended', this.panel);
    button.hidden = !recommended;
    setText(button, `Recommended start: ${recommended?.step}`);
    const breaks = find('.breaks', this.panel);
    breaks.classList.toggle('known', Boolean(critical));
    setText(breaks, this.criticalWords);
    setText(find('.phase', this.panel), [this.phaseWords, this.savingWords, this.adviceWords].filter(Boolean).join(' '));
  }

  /** In which phase the start lies. */
  get phaseWords() {
    const { start, critical, where } = this;
    if (!critical) return '';
    const phase = {
      'before the break': `in the first phase, before the break at step ${critical.step}: nothing is decided above it`,
      'at the break': 'at the break',
      'after the break': `in the second phase, after the break at step ${critical.step}: the samples have begun to part, but a Gaussian has one centre`,
    };
    return `Step ${start} lies ${phase[where]}.`;
  }

  /** What the start saves, for evenly spaced steps: those above it, and how many would be needed from the prior to be as fine below it. */
  get savingWords() {
    const { start, last } = this;
    const { steps } = this.settings;
    const above = Math.floor(steps * (1 - start / last));
    const alike = Math.round((steps * last) / start);
    return [
      above > 0 ? `Of ${steps} evenly spaced steps from the prior, ${above} lie above step ${start}.` : '',
      `The late run makes all ${steps} below step ${start}.`,
      alike > steps ? `A run from the prior needs some ${alike} steps to be as fine.` : '',
    ].filter(Boolean).join(' ');
  }

  /** A run's picture, progress and links. */
  drawRun(run, job, panel) {
    setText(find('.origin', panel), this.origin(run));
    const picture = find('.picture', panel);
    picture.classList.toggle('old', job.state === 'sent' || job.state === 'queued' || job.state === 'refused');
    find('progress', panel).value = job.state === 'done' ? 1 : (job.step ?? 0) / (job.of || 1);
    this.drawPicture(run, job, picture);
    this.drawResult(run, job, find('.result', panel));
    const row = find(`.command.${run}`, this.panel);
    find('button', row).disabled = !job.command;
    if (job.command && find('code', row).textContent !== job.command) find('code', row).replaceChildren(...words(job.command));
  }

  /** What a run begins with. */
  origin(run) {
    if (run === 'prior') return `Starts at the last step, ${this.last}, from noise.`;
    return `Starts at step ${this.start}, from ${ORIGINS[this.settings.init] ?? this.settings.init}.`;
  }

  /** The potential at the slider's step, its valleys, and where the samples are. */
  drawPotential() {
    const { landscape, potential: chart, start } = this;
    const { places } = landscape;
    const level = least(landscape.levels, ({ step }) => Math.abs(step - start));
    const inside = level.potential.filter((_, place) => Math.abs(places[place]) <= 1.25);
    const top = 1.1 * Math.max(...inside, 1e-3);
    chart.begin([places[0], places.at(-1)], [-0.12 * top, top]);
    chart.yAxis(roundNumbers(top));
    chart.xAxis([-1, 0, 1], landscape.axis);
    chart.lines([places.map((place, i) => [place, level.potential[i]])], 'curve');
    const point = (place) => [chart.x(place), chart.y(heightAt(landscape, level.potential, place))];
    for (const place of level.valleys) chart.add('circle', { cx: point(place)[0], cy: point(place)[1], r: 5, class: 'valley' });
    this.eachRunning((run, { places: now }) => {
      const seen = now.filter((place) => place > places[0] && place < places.at(-1)).map(point).filter(([, y]) => y > chart.box.top);
      chart.dots(seen.map(([x, y]) => [x, y + (run === 'prior' ? 6 : -6)]), run);
    });
    this.drawEnds?.(chart);
    const count = level.valleys.length === 1 ? 'one valley: all samples relax to it' : `${level.valleys.length} valleys: a sample falls into one of them`;
    setText(find('.potential .caption', this.panel), `At step ${level.step} the potential${landscape.unit ?? ''} has ${count}.`);
    setText(chart.description, `At step ${level.step} the lowest points lie at ${level.valleys.map((place) => place.toFixed(2)).join(' and ')}.`);
    tabulate(find('.potential details', this.panel), `Potential at step ${level.step}`, ['place', 'potential'],
      () => places.map((place, i) => [place.toFixed(3), level.potential[i].toPrecision(4)]));
  }

  /** The fixed points over the step, the ways of the samples, and the slider's step. */
  drawBranches() {
    const { landscape, branches: chart, critical, start, last } = this;
    const reach = landscape.places.at(-1);
    chart.begin([last, 0], [-reach, reach]);
    const { left, top, bottom } = chart.box;
    if (critical) chart.add('rect', { x: left, y: top, width: chart.x(critical.step) - left, height: bottom - top, class: 'first' });
    chart.yAxis([-1, 0, 1]);
    chart.xAxis([1, 0.8, 0.6, 0.4, 0.2, 0].map((part) => Math.round(part * last / 10) * 10), 'training step');
    this.eachRunning((run, { trail }) => {
      const ways = trail[0].places.slice(0, 40).map((_, i) => trail.map(({ step, places }) => [step, places[i]]));
      chart.lines(ways, `${run} trail`);
    });
    for (const { stable, points } of landscape.lines) chart.lines([points], stable ? 'curve' : 'curve unstable');
    if (critical) chart.mark(critical.step, 'critical');
    chart.mark(start, 'now');
    if (critical) chart.label(critical.step, 'critical', bottom - 8, start < critical.step);
    chart.label(start, 'start', top + 14, start >= (critical?.step ?? 0));
    this.eachRunning((run, { trail }) => {
      const { step, places } = trail.at(-1);
      chart.dots(places.filter((place) => Math.abs(place) < reach).map((place) => [chart.x(step), chart.y(place)]), run, 3);
    });
    setText(chart.description, this.criticalWords);
    tabulate(find('.branches details', this.panel), 'Fixed points', ['step', 'place', 'kind'], () => landscape.lines.flatMap(
      ({ stable, points }) => points.map(([step, place]) => [step, place.toFixed(3), stable ? 'stable' : 'unstable'])));
  }

  /** Calls an action with each job whose samples' places are known. */
  eachRunning(action) { for (const [run, job] of Object.entries(this.jobs)) if (job.trail.length) action(run, job); }
}

/** Two points at -1 and +1, where all is exact. */
class WorldView extends View {
  intro = 'The data are two points, at -1 and +1, with shares that you choose. Nothing is learned here: score, potential and fixed points are exact.';

  constructor() {
    super('Two points', 999);
    this.form.elements.steps.value = 10;
    this.form.elements.seeds.value = '0-199';
    find('.share', this.panel).hidden = false;
    this.offer('sampler', [['ddim'], ['ddpm']], 'ddim');
    this.offer('init', [['gaussian'], ['flow'], ['noise']], 'gaussian');
    this.loadSoon = debounced(() => this.load());
    this.strips = {};
    for (const run of Object.keys(RUNS)) {
      const node = shape('svg', { role: 'img' });
      find(`.run.${run} .picture`, this.panel).append(node);
      this.strips[run] = new Chart(node, 190, `${RUNS[run]}: places of the samples, and how many end at each point`);
    }
    this.restore(320);
  }

  get share() { return Number(this.settings.share); }

  settingsChanged() {
    setText(find('.share output', this.panel), this.share.toFixed(2));
    this.loadSoon();
  }

  /** Asks for the potential and the fixed points of the chosen shares. */
  async load() {
    const { share } = this;
    if (this.world?.share === share) return;
    const { ok, content } = await ask(`/api/world?share=${share}`);
    if (!ok || share !== this.share) return;
    this.world = content;
    const levels = content.levels.map((level) => ({ ...level, valleys: valleysOf(content.places, level.potential) }));
    this.landscape = { places: content.places, levels, lines: content.branches.flatMap(partsOf), axis: 'place x', unit: ', divided by beta,' };
    this.draw();
  }

  get critical() {
    const step = this.world?.critical.step;
    return step && { step, lower: step, upper: step };
  }

  /** The paper's rule: start just before the break. */
  get recommended() { return this.critical && { step: this.critical.step + 20 }; }

  get criticalWords() {
    if (!this.world) return '';
    const { kind, step, theta } = this.world.critical;
    const what = kind === 'pitchfork' ? 'the centre splits in two' : 'a second valley appears';
    return `Critical time: step ${step}, theta ${theta.toFixed(3)}; ${what}.`;
  }

  get adviceWords() { return ''; }

  request(start, init) { return { world: { share: this.share }, ...super.request(start, init) }; }

  /** Dots on a strip, and the shares of those that end left and right beside the true ones. */
  drawPicture(run, { places = [] }) {
    const chart = this.strips[run];
    chart.begin([-2.2, 2.2], [0, 1], { left: 8, right: 8, top: 8, bottom: 62 });
    const { left, right, bottom } = chart.box;
    for (const value of [-1, 1]) chart.mark(value, 'grid');
    const spread = (i) => (i * 0.618034) % 1;
    const limited = (place) => Math.max(-2.15, Math.min(2.15, place));
    chart.dots(places.map((place, i) => [chart.x(limited(place)), chart.y(0.04 + 0.92 * spread(i))]), run, 2.5);
    for (const value of [-1, 0, 1]) chart.add('text', { x: chart.x(value), y: bottom + 15, class: 'middle' }, value);
    const edge = left + (1 - this.rightShare(places)) * (right - left);
    const truth = left + (1 - this.share) * (right - left);
    chart.add('rect', { x: left, y: bottom + 30, width: right - left, height: 12, class: `${run} part` });
    chart.add('rect', { x: left, y: bottom + 30, width: edge - left, height: 12, class: 'part' });
    chart.add('path', { d: `M${truth} ${bottom + 25}v22`, class: 'truth' });
    setText(chart.description, `${places.length} samples. ${this.shareWords(places)}`);
  }

  rightShare(places) { return places.length ? places.filter((place) => place > 0).length / places.length : this.share; }

  shareWords(places) {
    const shares = (right) => `${100 - Math.round(100 * right)}\u00a0%, right ${Math.round(100 * right)}\u00a0%`;
    return `Left ${shares(this.rightShare(places))}. True: left ${shares(this.share)}.`;
  }

  drawResult(run, job, node) { setText(node, job.places ? this.shareWords(job.places) : ''); }
}

/** A model. */
class ModelView extends View {
  constructor(model) {
    super(model.name, model.training_steps - 1);
    this.model = model;
    this.offer('sampler', model.samplers.map((name) => [name]), model.sampler);
    this.offer('init', model.initialisers.map((name) => [name]), model.initialisers[0]);
    if (model.classes) this.offerClasses(model.classes - 1);
    for (const run of Object.keys(RUNS)) find(`.run.${run} .picture`, this.panel).classList.add('of-images');
    this.restore(this.recommended?.step ?? Math.round(model.training_steps / 2));
  }

  offerClasses(count) {
    for (const label of this.panel.querySelectorAll('.of-classes')) label.hidden = false;
    const numbers = Array.from({ length: count }, (_, number) => [number]);
    this.offer('class', [['', 'none'], ['each'], ...numbers], '');
  }

  /** Guidance is towards a class. */
  settingsChanged() { this.form.elements.guidance.disabled = !this.form.elements.class.value; }

  /** Takes over what the server has computed meanwhile. */
  update(model) {
    this.model = model;
    this.draw();
    if (!this.panel.hidden) this.load();
  }

  /** Asks for the potential along the model's line, once it is there. */
  async load() {
    if (this.model.line.state !== 'ready' || this.landscape) return;
    const { ok, content } = await ask(`/api/models/${this.model.id}/line`);
    if (!ok) return;
    const valleys = (step) => content.branches.filter((point) => point.stable && point.step === step).map(({ place }) => place);
    const levels = content.levels.map((level) => ({ ...level, valleys: valleys(level.step) }));
    const axis = `place between the samples of seeds ${content.seeds[1]} and ${content.seeds[0]}`;
    this.landscape = { places: content.places, levels, lines: linked(content.levels, content.branches), axis, pictures: content.pictures };
    this.draw();
  }

  get intro() {
    const { shape: [channels, height, width], line } = this.model;
    return [`The model ${this.name} makes images of ${width} x ${height} pixels${channels > 1 ? ' in colour' : ''}.`,
      progressOf(line, 'The potential')].filter(Boolean).join(' ');
  }

  get critical() { return this.model?.critical.state === 'ready' ? this.model.critical : undefined; }

  get criticalWords() {
    const { critical } = this.model;
    if (critical.state !== 'ready') return progressOf(critical, 'The critical time');
    return `Critical time: step ${critical.step}, measured between ${critical.lower} and ${critical.upper}.`;
  }

  /** The start for the chosen sampler, and for the number of steps that is nearest to the chosen one. */
  get recommended() {
    const { starts } = this.model;
    if (starts.state !== 'ready') return undefined;
    const { sampler, steps } = this.settings;
    const known = starts.recommended[sampler] ?? starts.recommended.ddim;
    const nearest = least(Object.keys(known), (count) => Math.abs(Math.log(count / steps)));
    return { step: known[nearest], steps: nearest };
  }

  get adviceWords() {
    if (!this.recommended) return progressOf(this.model.starts, 'The recommended start');
    const { step, steps } = this.recommended;
    return step === this.start ? `Step ${step} is the recommended start for ${steps} steps.` : '';
  }

  request(start, init) {
    const request = { model: this.model.id, ...super.request(start, init) };
    const kind = this.form.elements.class.value || null;
    return { ...request, class: kind, guidance: kind ? Number(this.form.elements.guidance.value) : 1 };
  }

  /** What a run's pictures are, for those who do not see them. */
  title({ start, seeds, sampler, steps }) {
    return `Images of ${this.name}, ${start === null ? 'from the prior' : `started at step ${start}`}, seeds ${seeds}, ${sampler}, ${steps} steps`;
  }

  drawPicture(run, job, place) {
    if (job.state !== 'running' && job.state !== 'done') return;
    const source = job.state === 'done' ? job.png : `data:image/png;base64,${job.picture}`;
    const image = find('img', place) ?? place.appendChild(element('img'));
    if (image.getAttribute('src') !== source) image.src = source;
    image.alt = `${this.title(job.request)}: ${job.words}`;
  }

  drawResult(run, job, node) {
    if (job.state !== 'done') {
      setText(node, '');
    } else if (find('a', node)?.getAttribute('href') !== job.png) {
      const { sampler, steps } = job.request;
      const file = `${this.name}-${sampler}-${steps}-${run}.png`.replace(/[^\w.+-]+/g, '-');
      node.replaceChildren(`${job.cost}. `, element('a', { href: job.png, download: file }, 'Download the grid'));
    }
  }

  /** The two samples between which the line runs, below their places. */
  drawEnds(chart) {
    this.landscape.pictures.forEach((picture, i) => {
      const size = 28;
      chart.add('image', { href: `data:image/png;base64,${picture}`, x: chart.x(i ? -1 : 1) - size / 2, y: chart.box.top, width: size, height: size });
    });
  }
}

// The page

const page = {
  views: [],

  async open() {
    await memory.takeWord();
    document.onvisibilitychange = () => this.turn();
    await server.check();
  },

  /** Takes over what the server says. `back` tells that it did not answer before. */
  update({ version, device, models }, back) {
    setText(find('.server'), `diffuse-gpu ${version} on ${device}.`);
    if (!this.views.length) {
      this.make(models);
      return;
    }
    const known = this.views.slice(1);
    if (String(models.map(({ name }) => name)) !== String(known.map(({ name }) => name))) location.reload();
    known.forEach((view, place) => view.update(models[place]));
    if (back) {
      for (const view of this.views) for (const job of Object.values(view.jobs)) job.forget();
      status.say('The server answers again.');
      this.choose(this.views.indexOf(this.chosen));
    }
  },

  /** Makes the tabs: arrow keys, Home and End move between them. */
  make(models) {
    this.views = [new WorldView(), ...models.map((model) => new ModelView(model))];
    const list = find('[role=tablist]');
    this.tabs = this.views.map((view, place) => {
      const tab = element('button', { type: 'button', role: 'tab', id: `tab-${place}`, onclick: () => this.choose(place) }, view.name);
      tab.setAttribute('aria-controls', `panel-${place}`);
      Object.assign(view.panel, { id: `panel-${place}`, hidden: true });
      view.panel.setAttribute('aria-labelledby', tab.id);
      return tab;
    });
    list.append(...this.tabs);
    list.onkeydown = (event) => {
      const now = this.views.indexOf(this.chosen);
      const { length } = this.views;
      const next = { ArrowRight: (now + 1) % length, ArrowLeft: (now + length - 1) % length, Home: 0, End: length - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      this.choose(next);
      this.tabs[next].focus();
    };
    find('main').append(...this.views.map((view) => view.panel));
    this.choose(Math.min(memory.content.tab ?? 0, models.length));
  },

  choose(place) {
    this.chosen?.hide();
    this.chosen = this.views[place];
    this.tabs.forEach((tab, other) => {
      tab.ariaSelected = String(other === place);
      tab.tabIndex = other === place ? 0 : -1;
    });
    memory.save({ tab: place });
    this.chosen.show();
  },

  /** The page is hidden or seen again. */
  turn() {
    if (document.hidden) {
      this.chosen?.pause();
    } else {
      server.check();
      this.chosen?.show();
    }
  },
};

page.open();
