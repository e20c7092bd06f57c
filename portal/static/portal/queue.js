// What a staff phone keeps while the network is away: its store's rules, and the codes it took, sealed until they are
// sent. The key stays in the browser, which does not let it be read out, and is thrown away as soon as nothing waits.
window.tillQueue = (() => {
  const KEPT_MILLISECONDS = 24 * 3600 * 1000; // how long the list tells what was sent

  function opened() {
    return new Promise((done, failed) => {
      const request = indexedDB.open("till", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("uses", { keyPath: "id" });
        request.result.createObjectStore("kept");
      };
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  }

  // One request in a transaction of its own, over when the browser has written it to the disk.
  async function on(name, mode, ask) {
    const database = await opened();
    try {
      return await new Promise((done, failed) => {
        const work = database.transaction(name, mode, { durability: "strict" });
        const request = ask(work.objectStore(name));
        work.oncomplete = () => done(request.result);
        work.onabort = work.onerror = () => failed(work.error);
      });
    } finally {
      database.close();
    }
  }

  // Two tabs of one phone take their turns: neither makes a second key nor throws one away that the other needs.
  const alone = (act) => (navigator.locks ? navigator.locks.request("till", act) : act());
  const kept = (name) => on("kept", "readonly", (store) => store.get(name));
  const keep = (name, value) => on("kept", "readwrite", (store) => store.put(value, name));
  const forget = (name) => on("kept", "readwrite", (store) => store.delete(name));
  const uses = async () => (await on("uses", "readonly", (store) => store.getAll())).sort((a, b) => a.at - b.at);
  const put = (use) => on("uses", "readwrite", (store) => store.put(use));
  const remove = (id) => on("uses", "readwrite", (store) => store.delete(id));

  async function key() {
    const known = await kept("key");
    if (known) return known;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await keep("key", made);
    return made;
  }

  // What was sealed for one use opens for no other.
  const how = (use) => ({
    name: "AES-GCM",
    iv: use.iv,
    additionalData: new TextEncoder().encode(`${use.id}|${use.store}|${use.permit}`),
  });

  async function code(use) {
    return new TextDecoder().decode(await crypto.subtle.decrypt(how(use), await key(), use.sealed));
  }

  function add(facts, text) {
    return alone(async () => {
      const use = { ...facts, id: crypto.randomUUID(), iv: crypto.getRandomValues(new Uint8Array(12)), state: "waiting" };
      use.sealed = await crypto.subtle.encrypt(how(use), await key(), new TextEncoder().encode(text));
      await put(use);
    });
  }

  // The code goes at once, also where the answer was a no: the list of disputes knows it from here on.
  function settle(use, state, sentence) {
    return alone(async () => {
      const { iv, sealed, permit, ...told } = use;
      await put({ ...told, state, sentence, settled: Date.now() });
      if (!(await uses()).some((one) => one.state === "waiting")) await forget("key");
    });
  }

  async function tidy(all) {
    const old = (await uses()).filter((use) => use.state !== "waiting" && (all || Date.now() - use.settled > KEPT_MILLISECONDS));
    await Promise.all(old.map((use) => remove(use.id)));
  }

  const isPossible = () => Boolean(window.indexedDB && window.crypto?.subtle && crypto.randomUUID && navigator.serviceWorker);
  return { add, code, forget, isPossible, keep, kept, settle, tidy, uses };
})();
