package api

// WebhookPace is how a webhook is sent to, as its row has it.
type WebhookPace struct {
	Timeout   string  `json:"timeout,omitempty" doc:"that one attempt has; missing: as the settings say"`
	Rate      float64 `json:"rate,omitempty" doc:"requests that it takes in a second; missing: as many as it can"`
	Thin      bool    `json:"thin,omitempty" doc:"data is the key alone"`
	Batch     int     `json:"batch,omitempty" doc:"events in a request at most, in an array; missing: one, and no array"`
	BatchWait string  `json:"batchWait,omitempty" doc:"how long the first of them waits for others"`
}

// PaceSettings are what is said of it.
type PaceSettings struct {
	Timeout   *string  `json:"timeout,omitempty" doc:"that one attempt has, such as 30s; empty: as the settings say"`
	Rate      *float64 `json:"rate,omitempty" doc:"requests that it takes in a second; 0: as many as it can"`
	Thin      *bool    `json:"thin,omitempty" doc:"data is the key alone"`
	Batch     *int     `json:"batch,omitempty" doc:"events in a request at most, in an array; 0: one, and no array"`
	BatchWait *string  `json:"batchWait,omitempty" doc:"how long the first of them waits for others, such as 200ms; empty: 100ms"`
}
