package migrate

import (
	"maps"
	"slices"
)

// users takes the password of the default user out of valkey-helm's ACL users.
func users(in input) result {
	table, _ := in.value.(map[string]any)
	if len(table) == 0 {
		return result{off: isEmpty}
	}
	r := result{absent: "users are \"user …\" lines of the server's configuration here: write them into a Secret and name it in existingConfigSecret"}
	standard, _ := table["default"].(map[string]any)
	secret := find(in.given, split("auth.usersExistingSecret"))
	if standard == nil {
		return r
	}
	if isOff(secret) {
		if password, ok := standard["password"].(string); ok {
			r.also = []setting{{split("auth.password"), password}}
		}
	} else {
		key, ok := standard["passwordKey"].(string)
		if !ok || key == "" {
			key = "default"
		}
		r.also = []setting{{split("auth.existingSecretPasswordKey"), key}}
	}
	if slices.Equal(slices.Collect(maps.Keys(table)), []string{"default"}) {
		r.absent = "auth.password and auth.existingSecretPasswordKey are the default user's here, which may do everything"
	}
	return r
}
