package peer

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// Pod is what peers may ask of a pod. An error is a refusal, and its text goes to
// the peer that asked.
type Pod interface {
	Status(ctx context.Context) Status
	Promote(ctx context.Context, o Order) error
	Follow(ctx context.Context, o Order) error
	Handover(ctx context.Context, o Order) error
	Intent(ctx context.Context, o Order) error
	Canvass(ctx context.Context, o Order) error
	Cutover(ctx context.Context, o Order) error
}

// Handler serves a pod to its peers. What is not signed with the release's key
// gets no answer but the status 403.
func Handler(key Key, pod Pod) http.Handler {
	h := handler{key: key, pod: pod}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathStatus, h.signed(nil))
	mux.HandleFunc("POST "+pathPromote, h.signed(pod.Promote))
	mux.HandleFunc("POST "+pathFollow, h.signed(pod.Follow))
	mux.HandleFunc("POST "+pathHandover, h.signed(pod.Handover))
	mux.HandleFunc("POST "+pathIntent, h.signed(pod.Intent))
	mux.HandleFunc("POST "+pathCanvass, h.signed(pod.Canvass))
	mux.HandleFunc("POST "+pathCutover, h.signed(pod.Cutover))
	return mux
}

type handler struct {
	key Key
	pod Pod
}

func (h handler) signed(do func(context.Context, Order) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := r.Header.Get(headerNonce)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil || n == "" || !h.key.verify(r.Header.Get(headerSignature), "request", r.Method, r.URL.Path, n, string(body)) {
			http.Error(w, "not signed with this release's key", http.StatusForbidden)
			return
		}
		code, answer := h.run(r.Context(), do, body)
		w.Header().Set(headerSignature, h.key.sign("answer", n, strconv.Itoa(code), string(answer)))
		w.WriteHeader(code)
		// A peer that has gone can't be told anything any more.
		_, _ = w.Write(answer)
	}
}

func (h handler) run(ctx context.Context, do func(context.Context, Order) error, body []byte) (int, []byte) {
	if do != nil {
		var order Order
		if err := json.Unmarshal(body, &order); err != nil {
			return http.StatusBadRequest, []byte("not an order: " + err.Error())
		}
		if err := do(ctx, order); err != nil {
			return http.StatusConflict, []byte(err.Error())
		}
	}
	answer, err := json.Marshal(h.pod.Status(ctx))
	if err != nil {
		return http.StatusInternalServerError, []byte(err.Error())
	}
	return http.StatusOK, answer
}
