package naming

import "strings"

// Plain makes organization_id and organizationId the same.
func Plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
