package sender

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"hookline/mapper"
	"hookline/sender/queue"
	"hookline/trace"
	"hookline/webhook"
)

// A webhook may ask for several events in one request. Its body is a JSON array of what would be
// the bodies of requests of their own, with one signature over it. One answer goes for all, unless
// it tells of them one by one.

const (
	HeaderBatch    = "X-Hookline-Batch"     // how many events the body has
	HeaderBatchIDs = "X-Hookline-Batch-Ids" // their ids, in their order, separated by commas
)

const (
	mostResults = 64 << 10  // bytes of an answer that tells of events one by one
	mostKept    = 256 << 10 // of the room for a body that is kept
)

// batchID is the Webhook-Id of a request with these events: that of the one event, or an id that
// no event has.
func batchID(list []*queue.Delivery) string {
	id := list[0].Event.ID
	if len(list) == 1 {
		return id
	}
	return "batch_" + id + "_" + strconv.Itoa(len(list))
}

// setBatch renders the lines of a batch.
func (h *header) setBatch(list []*queue.Delivery) {
	h.begin(HeaderBatch)
	h.end(strconv.AppendInt(h.lines, int64(len(list)), 10))
	h.begin(HeaderBatchIDs)
	ids := h.lines
	for i, d := range list {
		if i > 0 {
			ids = append(ids, ',')
		}
		ids = append(ids, d.Event.ID...)
	}
	h.end(ids)
}

// batchBody returns the body of a request with these events, in memory that the next one uses.
func (b *requestBuilder) batchBody(list []*queue.Delivery) []byte {
	to := mapper.Addressee{ID: b.to.ID, URL: b.to.TargetURL()}
	body := append(b.batch[:0], '[')
	for i, d := range list {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, d.Told().Body(b.to.Format, to)...)
	}
	body = append(body, ']')
	if b.batch = body; cap(body) > mostKept {
		b.batch = nil
	}
	return body
}

// attemptBatch makes one attempt at all of list, which has one webhook, and returns a verdict for
// each of them.
func (s *Sender) attemptBatch(w *webhookQueue, list []*queue.Delivery,
) (a attempted, verdicts []Verdict) {
	d := list[0]
	verdicts = make([]Verdict, len(list))
	if d.To.Current() == nil || d.Tried == nil {
		return attempted{skipped: true}, verdicts
	}
	if d.Tried.Held != "" { // since a moment ago
		return attempted{cut: true}, verdicts
	}
	if !d.Event.IsFor(d.Tried.Workspace) { // then it is alone
		a.verdict = Verdict{Outcome: Blocked, Reason: "the webhook belongs to another tenant now"}
		verdicts[0] = a.verdict
		return a, verdicts
	}
	if s.fenced() {
		return attempted{cut: true}, verdicts
	}
	c := w.requestBuilder(d.Tried)
	body := c.batchBody(list)
	s.buffer.attempt(int64(len(body)))
	a.verdict, a.took = s.tryBatch(list, c, body, verdicts)
	s.buffer.attempt(-int64(len(body)))
	a.resent, a.alone, a.answer = c.resent, c.alone, c.answer
	w.builders.Put(c)
	if a.verdict.Outcome != Delivered && (s.ctx.Err() != nil || s.fenced()) {
		s.metrics.interrupted.Inc()
		return attempted{cut: true}, verdicts
	}
	s.metrics.duration.Observe(a.took.Seconds())
	now := time.Now()
	for i, d := range list {
		s.metrics.outcomes[verdicts[i].Outcome].Inc()
		if verdicts[i].Outcome == Delivered {
			s.metrics.lag.observe(d.Event.ID, d.Event.Time, now)
		}
	}
	return a, verdicts
}

// tryBatch POSTs a body, fills in the verdicts, and returns that on the whole, and the time.
func (s *Sender) tryBatch(
	list []*queue.Delivery, c *requestBuilder, body []byte, verdicts []Verdict,
) (Verdict, time.Duration) {
	start := time.Now()
	var spans []trace.Attempt
	var traceparent string
	if t := s.cfg.Tracer; t != nil {
		for _, d := range list {
			spans = append(spans, t.Begin(d.Event.ID, c.to.Key, max(1, d.Attempts), start))
		}
		traceparent = spans[0].Traceparent()
	}
	d := list[0]
	resp, err := c.send(&post{ //nolint:bodyclose // finish closes it
		id: batchID(list), events: list, trace: traceparent, attempt: d.Attempts, replay: d.Replay,
		alone: d.OwnConnection, body: body,
	}, start.Add(c.limit))
	now := time.Now()
	v := judge(resp, err, now)
	var told []itemResult
	if v.Outcome == Delivered {
		if told, err = c.results(resp); err != nil {
			v = Verdict{Outcome: Failed, Reason: unreadResults}
		}
	}
	for i := range verdicts {
		verdicts[i] = v
	}
	c.answer = ""
	switch {
	case v.Outcome == Delivered:
		judgeEach(list, verdicts, resp.StatusCode == http.StatusMultiStatus, told)
	case s.cfg.Watch != nil && resp != nil:
		c.answer = c.beginning(resp)
	}
	c.finish(resp)
	for i, span := range spans {
		s.cfg.Tracer.EndAttempt(span, start, now, spanFacts(list[i], c.to, verdicts[i]))
	}
	return v, now.Sub(start)
}

// itemResult is what an answer says of one event.
type itemResult struct {
	ID     string `json:"id"`
	Status int    `json:"status"`
}

// unreadResults is the reason where it is not known what an answer says of its events: one of them
// may not have been accepted.
const unreadResults = "its answer, which may tell of the events one by one, did not come whole"

// results reads what an accepting answer says of the events one by one, nil for nothing. Such an
// answer is a JSON object, whatever its media type, which is not always kept. It has the time of
// the request; any other one has no more than other answers. The error is of one that did not come
// whole.
func (b *requestBuilder) results(resp *http.Response) ([]itemResult, error) {
	if resp.Body == http.NoBody {
		return nil, nil
	}
	timed, _ := resp.Body.(interface{ Until(t time.Time) })
	if timed != nil {
		timed.Until(b.deadline)
	}
	object := objectReader{from: resp.Body}
	text, err := io.ReadAll(io.LimitReader(&object, mostResults+1))
	switch {
	case err != nil:
		return nil, err
	case object.isNone:
		if soon := time.Now().Add(drainTime); timed != nil && soon.Before(b.deadline) {
			timed.Until(soon)
		}
		return nil, nil
	case !bytes.Contains(text, []byte(`"results"`)):
		return nil, nil
	case len(text) > mostResults:
		return nil, errLargeResults
	}
	var told struct {
		Results []itemResult `json:"results"`
	}
	if json.Unmarshal(text, &told) != nil {
		told.Results = nil // whatever it is, it tells nothing of them
	}
	return told.Results, nil
}

var errLargeResults = errors.New("it tells of events one by one, at a length that is not read")

// objectReader reads a JSON object. Anything else ends where that shows, at the first byte.
type objectReader struct {
	from   io.Reader
	begun  bool
	isNone bool
}

func (r *objectReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if text := bytes.TrimLeft(p[:n], " \t\r\n"); !r.begun && len(text) > 0 {
		if text[0] != '{' {
			r.isNone = true
			return 0, io.EOF
		}
		r.begun = true
	}
	return n, err
}

// refusedInBatch is the reason where an answer does not say what became of an event.
const refusedInBatch = "the answer to its batch does not say that it was accepted"

// judgeEach makes verdicts of what was told of events one by one. What is not named was accepted
// with the others, unless the answer was 207, which accepts what it names alone.
func judgeEach(list []*queue.Delivery, verdicts []Verdict, multi bool, told []itemResult) {
	if told == nil && !multi {
		return
	}
	statuses := make(map[string]int, len(told))
	for _, r := range told {
		statuses[r.ID] = r.Status
	}
	for i, d := range list {
		status, named := statuses[d.Event.ID]
		switch {
		case !named && !multi, status >= 200 && status <= 299:
		case status >= 300 && status <= 599:
			verdicts[i] = Verdict{Outcome: Failed, Status: status}
		default:
			verdicts[i] = Verdict{Outcome: Failed, Reason: refusedInBatch}
		}
	}
}

// finishBatch takes what became of an attempt at several deliveries and returns what to attempt
// next.
func (w *webhookQueue) finishBatch(list []*queue.Delivery, a attempted, verdicts []Verdict,
) (*queue.Delivery, []*queue.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sender.release()
	now := time.Now()
	results := make([]queue.Result, len(list))
	for i, d := range list {
		d.Resent, d.OwnConnection = d.Resent+a.resent, a.alone
		each := a
		each.verdict = verdicts[i]
		results[i] = w.result(d, each, now)
		if i > 0 && results[i].Outcome == queue.Gone { // one dead letter will do
			results[i].Outcome = queue.Cut
		}
	}
	decisions, judged := w.queue.Results(list, results, now)
	for i, d := range list {
		each := a
		each.verdict = verdicts[i]
		switch {
		case !judged[i], results[i].Outcome == queue.Cut, results[i].Outcome == queue.Cancelled:
		case results[i].Outcome == queue.Accepted:
			w.sender.logDelivered(d, each)
			w.watch(d, each, now, time.Time{}, false)
		default:
			w.sender.logFailed(d, each, decisions[i])
			w.watch(d, each, now, now.Add(decisions[i].Wait), decisions[i].Dead)
		}
	}
	w.carryOut(now)
	next, along := w.next(now)
	w.proceed(now)
	return next, along
}

// batches reports whether a webhook's requests have arrays of events.
func batches(to *webhook.Subscription) bool { return to != nil && to.Pace.Batch > 0 }
