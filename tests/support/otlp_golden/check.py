#!/usr/bin/env python3
"""check.py [FILE...]: whether what the OTLP exporter writes is what OpenTelemetry's own schema has: each field known, each
value of its type. FILE: a request's body; by default the golden files beside this program. Exit code 77, with the reason,
where the Python package opentelemetry-proto (pip install opentelemetry-proto) is not there."""
import pathlib
import sys

try:
    from google.protobuf import json_format
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
except ImportError as error:
    print(f"skipped: {error}; pip install opentelemetry-proto")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent


def with_base64_ids(node):
    """OTLP's JSON has ids in hexadecimal where protobuf's own mapping has base64: the one difference between the two."""
    import base64
    if isinstance(node, list):
        return [with_base64_ids(each) for each in node]
    if not isinstance(node, dict):
        return node
    sizes = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
    for key, size in sizes.items():
        if key in node and len(bytes.fromhex(node[key])) != size:
            raise ValueError(f"{key} has not {size} bytes: {node[key]}")
    return {key: base64.b64encode(bytes.fromhex(value)).decode() if key in sizes else with_base64_ids(value)
            for key, value in node.items()}


def check_histograms(request):
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                assert metric.name and metric.WhichOneof("data"), metric
                for point in metric.histogram.data_points:
                    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1, metric.name
                    assert sum(point.bucket_counts) == point.count, metric.name
                    assert list(point.explicit_bounds) == sorted(set(point.explicit_bounds)), metric.name


def main(files):
    import json
    for file in files or sorted(HERE.glob("*.json")):
        document = json.loads(pathlib.Path(file).read_text())
        is_spans = "resourceSpans" in document
        request = ExportTraceServiceRequest() if is_spans else ExportMetricsServiceRequest()
        json_format.ParseDict(with_base64_ids(document), request, ignore_unknown_fields=False)
        if not is_spans:
            check_histograms(request)
        print(f"{file}: {request.DESCRIPTOR.name}, {len(request.SerializeToString())} bytes as protobuf")


main(sys.argv[1:])
