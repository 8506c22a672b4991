package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookline/webhook"
)

// The headers by which a receiver of CloudEvents consents to deliveries.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
const (
	headerRequestOrigin = "WebHook-Request-Origin"
	headerRequestRate   = "WebHook-Request-Rate"
	headerAllowedOrigin = "WebHook-Allowed-Origin"
	headerAllowedRate   = "WebHook-Allowed-Rate"
)

// consentOrigin is who asks for consent.
const consentOrigin = "hookline"

// AskConsent asks a receiver, by OPTIONS, whether it takes deliveries. The request has the headers
// that its webhook adds, and goes by the TLS that it has, nil for that of all others. It asks for
// as many deliveries a second as rate says, 0 for any number. It returns how many it allows, 0 for
// any number. The error says why it does not consent; it names no URL. Safe for concurrent use.
func AskConsent(
	ctx context.Context, cfg Config, target string, extra http.Header, by *webhook.TLS, rate float64,
) (allowed float64, err error) {
	cfg = cfg.withDefaults()
	guard, err := newGuard(cfg.AllowAddresses)
	if err != nil {
		return 0, fmt.Errorf("sender: %w", err)
	}
	transport := &http.Transport{
		DialContext:            guard.dialer(net.Dialer{Timeout: cfg.RequestTimeout}),
		MaxResponseHeaderBytes: maxHeader, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}
	if by != nil {
		transport.TLSClientConfig = by.Config.Clone()
	}
	client := http.Client{
		Transport: transport, Timeout: cfg.RequestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, target, nil)
	if err != nil {
		return 0, errors.New("the URL cannot be parsed")
	}
	for name, values := range extra {
		if name = http.CanonicalHeaderKey(name); !webhook.IsOwnHeader(name) {
			req.Header[name] = values
		}
	}
	req.Header.Set("User-Agent", "hookline/"+cfg.Version)
	req.Header.Set(headerRequestOrigin, consentOrigin)
	if rate > 0 {
		perMinute := max(1, int(rate*time.Minute.Seconds()))
		req.Header.Set(headerRequestRate, strconv.Itoa(perMinute))
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, errors.New(reason(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, drainBytes)
	return consent(resp)
}

// Consent sets in the header of an answer to such an OPTIONS that whoever asks may deliver, as
// often as it likes. It sets nothing where nobody has asked.
func Consent(answer, request http.Header) {
	if origin := request.Get(headerRequestOrigin); origin != "" {
		answer.Set("Allow", http.MethodPost)
		answer.Set(headerAllowedOrigin, origin)
		answer.Set(headerAllowedRate, "*")
	}
}

// consent reads what an answer allows.
func consent(resp *http.Response) (rate float64, err error) {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return 0, fmt.Errorf("it answered OPTIONS with %d", resp.StatusCode)
	}
	switch origin := strings.TrimSpace(resp.Header.Get(headerAllowedOrigin)); {
	case origin == "":
		return 0, fmt.Errorf("its answer to OPTIONS has no %s", headerAllowedOrigin)
	case origin != "*" && !strings.EqualFold(origin, consentOrigin):
		return 0, fmt.Errorf("its answer to OPTIONS allows another origin than %s", consentOrigin)
	}
	text := strings.TrimSpace(resp.Header.Get(headerAllowedRate))
	if text == "" || text == "*" {
		return 0, nil
	}
	perMinute, err := strconv.ParseUint(text, 10, 32)
	if err != nil || perMinute == 0 {
		return 0, fmt.Errorf("%s of its answer to OPTIONS is neither * nor a number of requests a minute",
			headerAllowedRate)
	}
	return float64(perMinute) / time.Minute.Seconds(), nil
}
