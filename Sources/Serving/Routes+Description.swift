extension Routes {
  /// The JSON API, as `/api` has it.
  static let description = """
    The JSON API of diffuse-gpu serve

    Steps are training steps: 0 is clean data, the last one is the noisiest. A fault is answered by a status from 400 on and
    {"error": "one line"}. A request must name this server in Host and, if it has one, in Origin.

    GET /api/models
        version, device, and all models.
    GET /api/models/N
        One model: id, name, flag, shape, classes (rows of its table, or null), training_steps, samplers, initialisers; and what is found
        out in the background, each with "state" waiting, computing (done, total), absent (reason) or ready:
        starts    source ("carried", "fit from statistics"), crossover, recommended (by sampler and number of steps), samplers
                  (for whom each stands)
        critical  step, lower, upper: where the largest multiplier of the order parameter passes 1
        line      ready when the next address answers
    GET /api/models/N/line
        The potential of the order parameter along the line between two samples of the model: seeds, pictures (PNG, base64),
        places (1 is the first sample, -1 the second), levels (step, potential at every place), branches (step, place, stable).
    GET /api/world?share=0.8
        Two points at 1 and -1 with the share of the first: share, training_steps, critical (step, theta, kind), places,
        levels (step, theta, potential), branches (lists of step, theta, place, stable).
    POST /api/jobs
        Begins a run; answers 201 with id and command, 409 where eight wait. Members of the body:
        model       the model's number; or world: {"share": 0.8}
        seeds       such as "0-15", at most 64 of a model and 1000 of the world
        sampler     such as "ddim"; steps, 1 to 1000
        start       the training step of a late start, or null for the prior; init, the kind of late start
        class, guidance   for models with classes
        slot        any text: a later run of the same slot takes the place of one that is not finished
    GET /api/jobs/ID
        state: queued, running, done, cancelled or failed.
    GET /api/jobs/ID/events
        Server-sent events, the newest only: queued (ahead), step and done (step, of, training_step, seconds, picture, places; done
        has evaluations and png as well, or for a world path: training_step and places of every step), cancelled, failed (error). Last-Event-ID is honoured. A run whose last listener has
        been gone for a second is cancelled.
    GET /api/jobs/ID.png
        The picture that the command writes, byte for byte.
    DELETE /api/jobs/ID
        Ends a run before its next step.

    """
}
