package schema

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/xeipuuv/gojsonschema"
)

// Kind says in which way a value breaks the schema.
type Kind string

// The kinds of violations.
const (
	UnknownKey Kind = "unknown key"
	MissingKey Kind = "missing key"
	WrongType  Kind = "wrong type"
	NotAllowed Kind = "not allowed" // not one of the values that are allowed
	OutOfRange Kind = "out of range"
	WrongForm  Kind = "wrong form" // text that does not have the form asked for
	Combined   Kind = "combined"   // values that do not fit together
)

// Violation is one value that the schema refuses.
type Violation struct {
	// Path leads to the value: keys, and indices of lists. Of an unknown or a
	// missing key it ends with that key.
	Path    []string
	Kind    Kind
	Message string
	Fix     string
	Allowed []string // the texts that are allowed instead, of NotAllowed

	wrapper bool // says no more than that something below is wrong
}

// separator stands between the parts of a path in gojsonschema's contexts; no
// YAML key can hold it.
const separator = "\x00"

// translate turns an error of gojsonschema into a sentence of ours. Its false
// result means that the error says nothing by itself.
func translate(e gojsonschema.ResultError) (Violation, bool) {
	v := Violation{Path: strings.Split(e.Context().String(separator), separator)[1:]}
	details := e.Details()
	property := fmt.Sprint(details["property"])
	switch e.Type() {
	case "condition_then", "condition_else", "number_one_of", "number_all_of":
		v.Kind, v.Message, v.wrapper = Combined, "does not fit the other values", true
	case "number_any_of", "contains":
		v.Kind, v.Message, v.wrapper = Combined, "has none of the forms that are allowed here", true
	case "additional_property_not_allowed", "invalid_property_pattern":
		v.Kind, v.Path = UnknownKey, append(v.Path, property)
		v.Message = fmt.Sprintf("unknown key %q", property)
	case "required":
		v.Kind, v.Path = MissingKey, append(v.Path, property)
		v.Message = fmt.Sprintf("key %q is missing", property)
	case "missing_dependency":
		v.Kind = MissingKey
		v.Message = fmt.Sprintf("key %q is missing, which another key here needs", details["dependency"])
	case "invalid_type":
		v.Kind = WrongType
		v.Message, v.Fix = typeSentence(fmt.Sprint(details["expected"]), fmt.Sprint(details["given"]), e.Value())
	case "enum":
		v.Kind = NotAllowed
		v.Allowed = allowedTexts(fmt.Sprint(details["allowed"]))
		v.Message = fmt.Sprintf("%s is not one of the values allowed here: %s", show(e.Value()), allowedList(v.Allowed, fmt.Sprint(details["allowed"])))
	case "const":
		v.Kind = NotAllowed
		v.Message = constSentence(e.Value(), fmt.Sprint(details["allowed"]))
	case "number_not", "false", "invalid_property_name":
		v.Kind, v.Message = Combined, "is not allowed here, with the other values as they are"
	case "format":
		if _, isString := e.Value().(string); !isString {
			return Violation{}, false // gojsonschema applies formats to values that are no strings
		}
		v.Kind, v.Message = WrongForm, fmt.Sprintf("%s is not a valid %v", show(e.Value()), details["format"])
	case "pattern":
		v.Kind, v.Message = WrongForm, fmt.Sprintf("%s does not have the form %v", show(e.Value()), details["pattern"])
	default:
		v.Kind, v.Message = rangeSentence(e)
	}
	return v, true
}

func typeSentence(expected, given string, value any) (message, fix string) {
	wanted := strings.Split(strings.Trim(expected, "[]"), ",")
	words := make([]string, len(wanted))
	for i := range wanted {
		wanted[i] = strings.TrimSpace(wanted[i])
		words[i] = typeName(wanted[i])
	}
	message = fmt.Sprintf("expected %s, found %s", join(words, "or"), typeName(given))
	switch {
	case len(wanted) == 1 && wanted[0] == "string" && (given == "integer" || given == "number" || given == "boolean"):
		fix = "put quotes around the value"
	case given == "string":
		fix = unquoteFix(wanted[0], fmt.Sprint(value))
	}
	return message, fix
}

// unquoteFix says how to write text as a value of the type that is wanted.
func unquoteFix(wanted, text string) string {
	words := map[string]string{"integer": "a whole number", "number": "a number", "boolean": "true or false"}[wanted]
	var value any
	if words == "" {
		return ""
	}
	if json.Unmarshal([]byte(text), &value) == nil {
		return "remove the quotes"
	}
	return "write " + words
}

// typeName is what people who write YAML call a type.
func typeName(t string) string {
	switch t {
	case "object":
		return "mapping"
	case "array":
		return "list"
	}
	return t
}

// sentence matches text that was written for people: rules that the schema
// can only tell by a const carry their sentence in it.
var sentence = regexp.MustCompile(`\S \S.* \S`)

func constSentence(value any, allowed string) string {
	var text string
	if json.Unmarshal([]byte(allowed), &text) == nil && sentence.MatchString(text) {
		return text
	}
	return fmt.Sprintf("%s is not allowed here: it has to be %s", show(value), allowed)
}

func rangeSentence(e gojsonschema.ResultError) (Kind, string) {
	details := e.Details()
	switch e.Type() {
	case "number_gte":
		return OutOfRange, fmt.Sprintf("%s is too small: the least is %v", show(e.Value()), details["min"])
	case "number_gt":
		return OutOfRange, fmt.Sprintf("%s is too small: it has to be more than %v", show(e.Value()), details["min"])
	case "number_lte":
		return OutOfRange, fmt.Sprintf("%s is too large: the most is %v", show(e.Value()), details["max"])
	case "number_lt":
		return OutOfRange, fmt.Sprintf("%s is too large: it has to be less than %v", show(e.Value()), details["max"])
	case "multiple_of":
		return OutOfRange, fmt.Sprintf("%s is not a multiple of %v", show(e.Value()), details["multiple"])
	case "string_gte":
		return OutOfRange, fmt.Sprintf("is too short: it needs %v characters at least", details["min"])
	case "string_lte":
		return OutOfRange, fmt.Sprintf("is too long: it may have %v characters at most", details["max"])
	case "array_min_items":
		return OutOfRange, fmt.Sprintf("has too few items: it needs %v at least", details["min"])
	case "array_max_items", "array_no_additional_items":
		return OutOfRange, "has too many items"
	case "array_min_properties":
		return OutOfRange, fmt.Sprintf("has too few keys: it needs %v at least", details["min"])
	case "array_max_properties":
		return OutOfRange, fmt.Sprintf("has too many keys: it may have %v at most", details["max"])
	case "unique":
		return NotAllowed, fmt.Sprintf("items %v and %v are the same", details["i"], details["j"])
	}
	return Combined, e.Description()
}

// allowedTexts reads gojsonschema's list of the values allowed. It is empty
// when not all of them are text.
func allowedTexts(list string) []string {
	var texts []string
	if json.Unmarshal([]byte("["+list+"]"), &texts) != nil {
		return nil
	}
	return texts
}

// allowedList makes `"aof", "rdb"` readable.
func allowedList(texts []string, list string) string {
	if len(texts) == 0 {
		return list
	}
	items := slices.Clone(texts)
	for i, item := range items {
		if item == "" {
			items[i] = `""`
		}
	}
	return join(items, "or")
}

func join(items []string, last string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " " + last + " " + items[len(items)-1]
}

func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	const longest = 60
	if runes := []rune(string(text)); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return string(text)
}
