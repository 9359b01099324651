package digest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

func lock(t testing.TB) *Lock {
	t.Helper()
	l, err := Parse("images.lock", []byte("nginx:1.25: "+one+"\nquay.io/side/car:2: "+two+"\nnginx:1.26: "+two+"\n"))
	require.NoError(t, err)
	return l
}

// pin pins a document, and returns what is wrong as one line for each finding.
func pin(t testing.TB, text string) (string, []string) {
	t.Helper()
	d, found, err := lock(t).Pin(manifest.Document{Bytes: []byte(text), Line: 1})
	require.NoError(t, err)
	var lines []string
	for _, f := range found {
		lines = append(lines, fmt.Sprintf("%s %s/%s/%s %s: %s", f.RuleID, f.Object.Kind, f.Object.Namespace, f.Object.Name, f.Path, f.Message))
	}
	return string(d.Bytes), lines
}

// In want and document, ➀ and ➁ stand for the digests.
func TestPin(t *testing.T) {
	tests := []struct{ name, document, want string }{
		{"a pod, comments and quotes", "---\n# Source: x\nkind: Pod # p\nspec:\n  initContainers:\n  - image: 'nginx:1.25'   # i\n  containers:\n  - {name: a, image: \"quay.io/side/car:2\"}\n  ephemeralContainers:\n  - image:   nginx:1.25\r\n    name: e\n",
			"---\n# Source: x\nkind: Pod # p\nspec:\n  initContainers:\n  - image: 'nginx:1.25@➀'   # i\n  containers:\n  - {name: a, image: \"quay.io/side/car:2@➁\"}\n  ephemeralContainers:\n  - image:   nginx:1.25@➀\r\n    name: e\n"},
		{"a CronJob", "kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{image: nginx:1.25}]}}}}}", "kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{image: nginx:1.25@➀}]}}}}}"},
		{"JSON", `{"kind":"Pod","spec":{"containers":[{"image":"ngin\u0078:1.25"}]}}`, `{"kind":"Pod","spec":{"containers":[{"image":"nginx:1.25@➀"}]}}`},
		{"a key in letters", `{"spec":{"c\u006fntainers":[{"\u0069mage":"nginx:1.25"}]}}`, `{"spec":{"c\u006fntainers":[{"\u0069mage":"nginx:1.25@➀"}]}}`},
		{"a list", "kind: PodList\nitems:\n- spec: {containers: [{image: nginx:1.25}]}\n- kind: List\n  items:\n  - spec: {containers: [{image: nginx:1.26}]}\n", "kind: PodList\nitems:\n- spec: {containers: [{image: nginx:1.25@➀}]}\n- kind: List\n  items:\n  - spec: {containers: [{image: nginx:1.26@➁}]}\n"},
		{"an image as a volume", "spec: {volumes: [{name: v, image: {reference: nginx:1.25}}, {name: w, emptyDir: {}}]}", "spec: {volumes: [{name: v, image: {reference: nginx:1.25@➀}}, {name: w, emptyDir: {}}]}"},
		{"full names are the same", "containers: [{image: docker.io/library/nginx:1.25}]", "containers: [{image: docker.io/library/nginx:1.25@➀}]"},
		{"pinned already", "containers:\n- image: nginx:1.25@➀\n- image: nginx@➁\n", "containers:\n- image: nginx:1.25@➀\n- image: nginx@➁\n"},
		{"an anchor and aliases", "a: &i nginx:1.25\nb: {containers: [{image: *i}, {image: &j  nginx:1.26}, {image: *j }]}\nc: *i\n", "a: &i nginx:1.25\nb: {containers: [{image: nginx:1.25@➀}, {image: &j  nginx:1.26@➁}, {image: nginx:1.26@➁ }]}\nc: *i\n"},
		{"containers behind aliases, used elsewhere before", "x: &c {image: nginx:1.25}\ny: [*c, *c]\nl: &l [{image: nginx:1.26}]\ncontainers: [{<<: *c, name: a}, *c, {<<: [*c, *c]}]\ninitContainers: *l\n", "x: &c {image: nginx:1.25@➀}\ny: [*c, *c]\nl: &l [{image: nginx:1.26@➁}]\ncontainers: [{<<: *c, name: a}, *c, {<<: [*c, *c]}]\ninitContainers: *l\n"},
		{"a template beside a list's items", "kind: List\nt: &t {spec: {containers: [{image: nginx:1.25}]}}\nitems: [{kind: Deployment, spec: {template: *t}}]\n", "kind: List\nt: &t {spec: {containers: [{image: nginx:1.25@➀}]}}\nitems: [{kind: Deployment, spec: {template: *t}}]\n"},
		{"tags", "containers: [{image: !!str nginx:1.25}, {image: !!str &a 'nginx:1.25'}]", "containers: [{image: !!str nginx:1.25@➀}, {image: !!str &a 'nginx:1.25@➀'}]"},
		{"wide characters and line ends of all kinds", "# ä\u0085#\u2028# x\r# y\r\nä: 'ü☃\u2029' # ß\nb: {ö: 𝄞, containers: [{image: nginx:1.25}]}\n", "# ä\u0085#\u2028# x\r# y\r\nä: 'ü☃\u2029' # ß\nb: {ö: 𝄞, containers: [{image: nginx:1.25@➀}]}\n"},
		{"a byte order mark", "\ufeffcontainers: [{image: nginx:1.25}]", "\ufeffcontainers: [{image: nginx:1.25@➀}]"},
		{"twice in one container", "containers:\n- image: nginx:1.25\n  image: nginx:1.26\n", "containers:\n- image: nginx:1.25@➀\n  image: nginx:1.26@➁\n"},
		{"no images", "spec: {image: a, containers: {image: b}, template: {containers: [{image: ''}, {image: null}, {image: }, {image: {}}, 1, null]}}", "spec: {image: a, containers: {image: b}, template: {containers: [{image: ''}, {image: null}, {image: }, {image: {}}, 1, null]}}"},
		{"comments only", "---\n# image\n", "---\n# image\n"},
	}
	digests := strings.NewReplacer("➀", one, "➁", two)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found := pin(t, digests.Replace(tt.document))
			require.Empty(t, found)
			require.Equal(t, digests.Replace(tt.want), got)
		})
	}
}

func TestPinRefuses(t *testing.T) {
	const place = " Pod/shop/demo spec.containers[a].image: "
	tests := []struct{ name, image, want string }{
		{"not in the file", "nginx:1.27", `VK209` + place + `image "nginx:1.27" is not in images.lock`},
		{"latest", "nginx", `VK209` + place + `image "nginx" is not in images.lock`},
		{"another registry", "ghcr.io/nginx:1.25", `VK209` + place + `image "ghcr.io/nginx:1.25" is not in images.lock`},
		{"another digest", "nginx:1.25@" + two, `VK210` + place + `image "nginx:1.25@` + two + `" has another digest than in images.lock`},
		{"a digest without a tag", "nginx@" + strings.ReplaceAll(one, "1", "3"), `VK210` + place + `image "nginx@` + strings.ReplaceAll(one, "1", "3") + `" has another digest than in images.lock`},
		{"a digest of another image", "redis@" + one, `VK209` + place + `image "redis@` + one + `" is not in images.lock`},
		{"no reference", "Nginx:1.25", `VK209` + place + `"Nginx:1.25" is no reference to an image, and cannot be pinned`},
		{"a block", ">-\n        nginx:1.25", "VK209" + place + "is written in a way that cannot be pinned"},
		{"on the next line", "&a\n        nginx:1.25", "VK209" + place + "is written in a way that cannot be pinned"},
		{"Base64", "!!binary bmdpbng6MS4yNQ==", "VK209" + place + "is written in a way that cannot be pinned"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document := "kind: Pod\nmetadata: {name: demo, namespace: shop}\nspec:\n  containers:\n  - name: a\n    image: " + tt.image + "\n"
			got, found := pin(t, document)
			require.Equal(t, []string{tt.want}, found)
			require.Equal(t, document, got)
		})
	}
	for _, broken := range []string{"image: [", "{\"image\": 1}\n{\"image\": 2}"} {
		_, _, err := lock(t).Pin(manifest.Document{Bytes: []byte(broken), Line: 7})
		require.ErrorContains(t, err, "line 7")
	}
}

func TestExamplesOfRules(t *testing.T) {
	for _, rule := range Rules() {
		for _, example := range append(rule.Bad, rule.Good...) {
			found, err := Try(example)
			require.NoError(t, err)
			ids := []string{}
			for _, f := range found {
				ids = append(ids, f.RuleID)
			}
			if strings.Join(rule.Bad, "") == example {
				require.Equal(t, []string{rule.ID}, ids)
			} else {
				require.Empty(t, ids, example)
			}
		}
	}
}

// FuzzPin looks for panics, for images that are not pinned, and for what else
// changes: with the digests taken out again it has to be what it was.
func FuzzPin(f *testing.F) {
	for _, text := range []string{
		"containers: [{image: nginx:1.25}]", "a: &i nginx:1.25\nb: {containers: [{image: *i}]}", "containers:\n- image: \"ngin\\x78:1.25\"\n  <<: {image: nginx:1.26}\n",
		"{\"items\":[{\"containers\":[{\"image\":\"nginx:1.25\"}]}]}", "\ufeff--- # ä\u0085\r- é: {volumes: [{image: {reference: 'nginx:1.25'}}]}\n", "x: &c {image: nginx:1.25}\ncontainers: [{<<: [*c, *c]}, *c]",
	} {
		f.Add(text)
	}
	l := lock(f)
	f.Fuzz(func(t *testing.T, text string) {
		d, found, err := l.Pin(manifest.Document{Bytes: []byte(text)})
		if err != nil {
			return
		}
		if string(d.Bytes) == text {
			return
		}
		again, foundAgain, err := l.Pin(d)
		require.NoError(t, err)
		require.Equal(t, string(d.Bytes), string(again.Bytes))
		require.Equal(t, found, foundAgain)
		require.Equal(t, content(t, text), content(t, string(d.Bytes)))
	})
}

// content is what a document holds, without digests.
func content(t *testing.T, text string) string {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Skip() // more than YAML's first reader minds, a key twice for one
	}
	return strings.NewReplacer("@"+one, "", "@"+two, "").Replace(string(data))
}

// The time for each image must not grow with the line that they are in.
func BenchmarkPinOneLine(b *testing.B) {
	for _, images := range []int{100, 10_000} {
		b.Run(fmt.Sprint(images), func(b *testing.B) {
			text := "containers: [" + strings.Repeat("{image: nginx:1.25}, ", images) + "]"
			for b.Loop() {
				pin(b, text)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*images), "µs/image")
		})
	}
}
