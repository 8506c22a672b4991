package trace

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Config is what the standard OTEL_ variables say of traces. The zero value is off.
//
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
type Config struct {
	On       bool
	Endpoint string            // the whole URL that spans are posted to; it may hold credentials
	Headers  map[string]string // of each request; they mostly hold a token
	Timeout  time.Duration     // of a request
	Service  string
	Resource map[string]string // more attributes of the resource
	Ratio    float64           // of deliveries that are traced, 0 to 1

	Delay time.Duration // between two requests, at most
	Queue int           // spans that wait to be sent; what comes beyond is dropped
	Batch int           // that are sent at once
}

// String tells whether traces are on. The rest may be secret.
func (c Config) String() string   { return fmt.Sprintf("traces: %t", c.On) }
func (c Config) GoString() string { return c.String() }

// FromEnv reads the variables. Traces are on only where OTEL_TRACES_EXPORTER says otlp: a sidecar
// may stand in an environment that is meant for the application. The error names the variable and
// what it takes, and never quotes a header or a URL.
func FromEnv(lookup func(string) (string, bool)) (Config, error) {
	get := func(names ...string) (value, name string) {
		for _, name := range names {
			if value, _ := lookup(name); strings.TrimSpace(value) != "" {
				return strings.TrimSpace(value), name
			}
		}
		return "", names[len(names)-1]
	}
	disabled, _ := get("OTEL_SDK_DISABLED")
	switch exporter, name := get("OTEL_TRACES_EXPORTER"); {
	case exporter == "" || exporter == "none" || strings.EqualFold(disabled, "true"):
		return Config{}, nil
	case exporter != "otlp":
		return Config{}, fmt.Errorf("%s=%q: it takes otlp or none", name, exporter)
	}
	const prefix = "OTEL_EXPORTER_OTLP_"
	c := Config{On: true, Service: "hookline"}
	if protocol, name := get(prefix+"TRACES_PROTOCOL", prefix+"PROTOCOL"); protocol != "" &&
		protocol != "http/protobuf" {
		return c, fmt.Errorf("%s=%q: it takes http/protobuf", name, protocol)
	}
	var err error
	if c.Endpoint, err = endpoint(get); err != nil {
		return c, err
	}
	if text, name := get(prefix+"TRACES_HEADERS", prefix+"HEADERS"); text != "" {
		if c.Headers, err = pairs(text); err != nil {
			return c, fmt.Errorf("%s: it takes a comma list of name=value, percent-encoded", name)
		}
	}
	if text, name := get("OTEL_RESOURCE_ATTRIBUTES"); text != "" {
		if c.Resource, err = pairs(text); err != nil {
			return c, fmt.Errorf("%s: it takes a comma list of name=value, percent-encoded", name)
		}
		if service := c.Resource["service.name"]; service != "" {
			c.Service = service
		}
		delete(c.Resource, "service.name")
	}
	if service, _ := get("OTEL_SERVICE_NAME"); service != "" {
		c.Service = service
	}
	for _, number := range []struct {
		to          *int
		usual, most int
		names       []string
	}{
		{&c.Queue, 2048, 1 << 20, []string{"OTEL_BSP_MAX_QUEUE_SIZE"}},
		{&c.Batch, 512, 1 << 16, []string{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}},
	} {
		if *number.to, err = whole(get, number.usual, number.most, number.names...); err != nil {
			return c, err
		}
	}
	delay, err := whole(get, 5000, 3_600_000, "OTEL_BSP_SCHEDULE_DELAY")
	if err != nil {
		return c, err
	}
	timeout, err := whole(get, 10_000, 600_000, prefix+"TRACES_TIMEOUT", prefix+"TIMEOUT")
	if err != nil {
		return c, err
	}
	c.Delay, c.Timeout = time.Duration(delay)*time.Millisecond, time.Duration(timeout)*time.Millisecond
	c.Ratio, err = ratio(get)
	return c, err
}

// endpoint returns where traces go.
func endpoint(get func(...string) (string, string)) (string, error) {
	text, name := get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if text == "" {
		if text, name = get("OTEL_EXPORTER_OTLP_ENDPOINT"); text == "" {
			text = "http://localhost:4318"
		}
		text = strings.TrimSuffix(text, "/") + "/v1/traces"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%s: it takes a URL such as http://localhost:4318", name)
	}
	return text, nil
}

// ratio returns which part of deliveries is traced.
func ratio(get func(...string) (string, string)) (float64, error) {
	sampler, name := get("OTEL_TRACES_SAMPLER")
	switch strings.TrimPrefix(sampler, "parentbased_") { // no delivery has a parent
	case "", "always_on":
		return 1, nil
	case "always_off":
		return 0, nil
	case "traceidratio":
	default:
		return 0, fmt.Errorf("%s=%q: it takes always_on, always_off, traceidratio, "+
			"or one of them behind parentbased_", name, sampler)
	}
	text, name := get("OTEL_TRACES_SAMPLER_ARG")
	if text == "" {
		return 1, nil
	}
	r, err := strconv.ParseFloat(text, 64)
	if err != nil || !(r >= 0 && r <= 1) {
		return 0, fmt.Errorf("%s=%q: it takes a number from 0 to 1", name, text)
	}
	return r, nil
}

func whole(get func(...string) (string, string), usual, most int, names ...string) (int, error) {
	text, name := get(names...)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s=%q: it takes a whole number from 1 to %d", name, text, most)
	}
	return n, nil
}

// pairs reads name=value,….
func pairs(text string) (map[string]string, error) {
	all := map[string]string{}
	for entry := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		name, err := url.PathUnescape(strings.TrimSpace(name))
		value, err2 := url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || err != nil || err2 != nil {
			return nil, strconv.ErrSyntax
		}
		all[name] = value
	}
	return all, nil
}
