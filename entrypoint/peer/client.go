package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Paths of what peers ask of each other. The version is in the path.
const (
	pathStatus   = "/v1/status"
	pathPromote  = "/v1/promote"
	pathFollow   = "/v1/follow"
	pathHandover = "/v1/handover"
	pathIntent   = "/v1/intent"
	pathCanvass  = "/v1/canvass"
	pathCutover  = "/v1/cutover"
)

const (
	headerNonce     = "X-Entrypoint-Nonce"
	headerSignature = "X-Entrypoint-Signature"

	maxBody        = 1 << 20
	statusTimeout  = 1500 * time.Millisecond
	orderTimeout   = 5 * time.Second
	handoverBudget = 15 * time.Second
	// An election waits for no pod longer than this.
	hasteTimeout  = 400 * time.Millisecond
	intentTimeout = time.Second
	// A promise is on disk before it is given.
	canvassTimeout = 1500 * time.Millisecond
	// What has to be undone after a cutover that failed takes a moment.
	cutoverMargin = 10 * time.Second
)

// ErrRefused is a peer's own word that it does not do what was asked.
var ErrRefused = errors.New("refused")

// Client asks peers at their control port.
type Client struct {
	key  Key
	port string
	http *http.Client
}

// NewClient makes a client for peers that listen at port.
func NewClient(key Key, port int) *Client {
	transport := &http.Transport{
		MaxIdleConnsPerHost: 1,
		IdleConnTimeout:     15 * time.Second,
		DialContext:         (&net.Dialer{Timeout: time.Second}).DialContext,
	}
	return &Client{key: key, port: strconv.Itoa(port), http: &http.Client{Transport: transport}}
}

// Status asks the peer at an IP address for its status.
func (c *Client) Status(ctx context.Context, ip string) (Status, error) {
	return c.ask(ctx, statusTimeout, http.MethodGet, ip, pathStatus, nil)
}

// Promote makes the peer's server a master.
func (c *Client) Promote(ctx context.Context, ip string, o Order) (Status, error) {
	return c.ask(ctx, orderTimeout, http.MethodPost, ip, pathPromote, &o)
}

// Follow tells a peer who is master.
func (c *Client) Follow(ctx context.Context, ip string, o Order) (Status, error) {
	return c.ask(ctx, orderTimeout, http.MethodPost, ip, pathFollow, &o)
}

// Handover asks the peer, which is master, to hand mastership to the leader that
// the order names; it answers when that is done.
func (c *Client) Handover(ctx context.Context, ip string, o Order) (Status, error) {
	return c.ask(ctx, handoverBudget, http.MethodPost, ip, pathHandover, &o)
}

// Intent tells a peer that mastership is about to be handed to the leader that the
// order names. That pod itself may refuse.
func (c *Client) Intent(ctx context.Context, ip string, o Order) (Status, error) {
	return c.ask(ctx, intentTimeout, http.MethodPost, ip, pathIntent, &o)
}

// Glance is Status in haste: who is slow counts as silent.
func (c *Client) Glance(ctx context.Context, ip string) (Status, error) {
	return c.ask(ctx, hasteTimeout, http.MethodGet, ip, pathStatus, nil)
}

// Canvass asks a peer to promise a term to the pod that the order is From: to leave
// its master, and to follow none of an earlier term.
func (c *Client) Canvass(ctx context.Context, ip string, o Order) (Status, error) {
	return c.ask(ctx, canvassTimeout, http.MethodPost, ip, pathCanvass, &o)
}

// Cutover asks the pod that follows a master outside the release to be master itself; it
// answers when that is done.
func (c *Client) Cutover(ctx context.Context, ip string, o Order) (Status, error) {
	return c.ask(ctx, o.Timeout+cutoverMargin, http.MethodPost, ip, pathCutover, &o)
}

func (c *Client) ask(ctx context.Context, timeout time.Duration, method, ip, path string, order *Order) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var body []byte
	if order != nil {
		var err error
		if body, err = json.Marshal(order); err != nil {
			return Status{}, fmt.Errorf("encode an order: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+net.JoinHostPort(ip, c.port)+path, bytes.NewReader(body))
	if err != nil {
		return Status{}, fmt.Errorf("ask a peer: %w", err)
	}
	n := nonce()
	request.Header.Set(headerNonce, n)
	request.Header.Set(headerSignature, c.key.sign("request", method, path, n, string(body)))
	response, err := c.http.Do(request)
	if err != nil {
		return Status{}, fmt.Errorf("ask a peer: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Status{}, fmt.Errorf("read the answer of peer %s: %w", ip, err)
	}
	code := strconv.Itoa(response.StatusCode)
	if !c.key.verify(response.Header.Get(headerSignature), "answer", n, code, string(answer)) {
		return Status{}, fmt.Errorf("the answer of %s (status %s) is not signed with this release's key: another release's pod, or another password", ip, code)
	}
	if response.StatusCode != http.StatusOK {
		return Status{}, fmt.Errorf("peer %s %w: %s", ip, ErrRefused, strings.TrimSpace(string(answer)))
	}
	var status Status
	if err := json.Unmarshal(answer, &status); err != nil {
		return Status{}, fmt.Errorf("read the answer of peer %s: %w", ip, err)
	}
	return status, nil
}
