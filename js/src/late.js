/**
 * anywidget 0.11 gives a front end two seconds: where loading took longer, its model drops whatever the kernel sends from
 * then on. Fifty widgets on a slow machine take longer, so such a model is made to listen again.
 */

/** Other models may take for ever to be made; this one is (ms). */
const SEARCH = 1000;

/** A message that asks for nothing, which a model that drops all messages refuses too. */
const NOTHING = { content: { data: {} } };

/**
 * The host's own model, of which a front end is handed a part: no other has the same layout.
 * @param {any} model
 * @returns {Promise<any>} undefined or an error where the host has none that can be found
 */
async function whole(model) {
  const own = model.get("layout");
  const found = Object.values(model.widget_manager?._models ?? {}).map(async (made) => {
    const one = await made;
    return own && one.get("layout") === own ? one : Promise.reject();
  });
  return Promise.race([Promise.any(found), new Promise((later) => setTimeout(later, SEARCH))]);
}

/**
 * Once it resolves, the model hears its kernel; what was dropped before is asked for.
 * @param {any} model  as the host hands it to a front end
 */
export async function hear(model) {
  const real = await whole(model).catch(() => undefined);
  const deaf = await Promise.resolve(real?._handle_comm_msg?.(NOTHING)).then(() => false, () => true);
  if (!deaf || Object.hasOwn(real, "_handle_comm_msg")) return;
  const listen = Object.getPrototypeOf(real.constructor.prototype)._handle_comm_msg.bind(real);
  real._handle_comm_msg = listen; // its other views find that it hears, and do not ask for the whole state again
  real.comm.on_msg(listen);
  real.comm.send({ method: "request_state" }, {});
}
