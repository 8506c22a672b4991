package sender

import "hookline/mapper"

// cloudHeader begins the names of headers that have attributes.
const cloudHeader = "Ce-"

// setCloudEvent renders the attributes of an event as headers, percent-encoded where the protocol
// binding asks for it.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
func (h *header) setCloudEvent(e *mapper.Event) {
	const digits = "0123456789ABCDEF"
	for name, value := range e.CloudEvent {
		h.begin(cloudHeader + name)
		lines := h.lines
		for i := range len(value) {
			if c := value[i]; c <= ' ' || c > '~' || c == '"' || c == '%' {
				lines = append(lines, '%', digits[c>>4], digits[c&15])
			} else {
				lines = append(lines, c)
			}
		}
		h.end(lines)
	}
}
