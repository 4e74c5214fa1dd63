package web

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts requests and, through gauges that plugin adds, what the
// workers are at. It is served on its own address, or to whoever has the token.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec

	mu     sync.Mutex
	series atomic.Pointer[map[series]prometheus.Observer] // of requests: found faster than by labels; replaced, never changed
}

// series is what requests are told apart by.
type series struct {
	method, route string
	status        int
}

// NewMetrics makes a registry with Go's own figures.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "afterword_http_request_duration_seconds",
		Help:    "Time to answer a request, by method, route and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"method", "route", "status"})}
	m.series.Store(&map[series]prometheus.Observer{})
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge adds a figure that is read whenever somebody asks.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "afterword_" + name, Help: help}, read))
}

// Counter adds a figure that only grows and is read whenever somebody asks.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "afterword_" + name, Help: help}, read))
}

// Family adds figures that are told apart by a label and read whenever somebody
// asks: a gauge each, or counters, whose names end with _total.
func (m *Metrics) Family(name, help, label string, read func() map[string]float64) {
	kind := prometheus.GaugeValue
	if strings.HasSuffix(name, "_total") {
		kind = prometheus.CounterValue
	}
	m.registry.MustRegister(&family{prometheus.NewDesc("afterword_"+name, help, []string{label}, nil), kind, read})
}

type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func() map[string]float64
}

// Describe names the family.
func (f *family) Describe(to chan<- *prometheus.Desc) { to <- f.desc }

// Collect reads it.
func (f *family) Collect(to chan<- prometheus.Metric) {
	for label, value := range f.read() {
		to <- prometheus.MustNewConstMetric(f.desc, f.kind, value, label)
	}
}

// Handler serves the figures in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *Metrics) request(method, route string, status int, took time.Duration) {
	o := (*m.series.Load())[series{method, route, status}]
	if o == nil {
		o = m.find(series{strings.Clone(method), route, status})
	}
	o.Observe(took.Seconds())
}

func (m *Metrics) find(s series) prometheus.Observer {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.requests.WithLabelValues(s.method, s.route, strconv.Itoa(s.status))
	more := maps.Clone(*m.series.Load())
	more[s] = o
	m.series.Store(&more)
	return o
}
