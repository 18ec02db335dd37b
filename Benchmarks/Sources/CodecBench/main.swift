//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation

/// Keeps the optimiser from removing what is measured.
@inline(never)
func keep<T>(_ value: T) {}

/// CPU time of the process so far: what other work on the machine does is not in it.
func cpuNanoseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// With an argument, only what begins with it is measured.
let only = CommandLine.arguments.dropFirst().first

/// Runs the body for 0.3 s of CPU seven times; prints best and median CPU time, and the allocations of one call.
func measure(_ name: String, _ body: () throws -> Void) rethrows {
    if let only, !name.trimmingCharacters(in: .whitespaces).hasPrefix(only) { return }
    for _ in 0..<2000 { try body() }
    let before = Allocations.count
    for _ in 0..<1000 { try body() }
    let allocations = Allocations.count.flatMap { after in before.map { String(Double(after - $0) / 1000) } } ?? "-"
    var times: [Double] = []
    for _ in 0..<7 {
        var calls = 0
        let start = cpuNanoseconds()
        repeat {
            for _ in 0..<500 { try body() }
            calls += 500
        } while cpuNanoseconds() - start < 3e8
        times.append((cpuNanoseconds() - start) / Double(calls))
    }
    times.sort()
    let columns = [String(Int(times[0])), String(Int(times[3])), allocations]
    print(name.padding(toLength: 58, withPad: " ", startingAt: 0), columns.joined(separator: "\t"))
}

let codec = WireCodec()
let envelope = Sample.envelope
/// Not as Python writes it, so read member by member.
let compact = Array(
    String(decoding: envelope, as: UTF8.self).replacing(": ", with: ":").replacing(", \"", with: ",\"").utf8
)
let message = try Envelope.decode(envelope)
let order = try EncodedValue(encoding: Sample.Order.one)
let orderJSON = Data(try order.json())
let packed = try MessagePackSerializer().encode(try codec.decodeBody(of: message))

let resultMeta = TaskMeta(
    taskID: message.headers.id,
    state: .success,
    outcome: .value(try EncodedValue(encoding: 5)),
    dateDone: Timestamp.now.iso8601
)
let resultBytes = try codec.encode(resultMeta)

print("message of \(envelope.count) bytes; ns best, ns median, allocations")

try measure("decode envelope + body, two Int typed") {
    let message = try Envelope.decode(envelope)
    let arguments = try codec.decodeBody(of: message).arguments
    keep(try arguments[0].decode(as: Int.self) + arguments[1].decode(as: Int.self))
}
try measure("  envelope alone") { keep(try Envelope.decode(envelope)) }
try measure("  envelope alone, without spaces") { keep(try Envelope.decode(compact)) }
try measure("  body alone, two Int typed") {
    let arguments = try codec.decodeBody(of: message).arguments
    keep(try arguments[0].decode(as: Int.self) + arguments[1].decode(as: Int.self))
}
try measure("decode envelope + body, arguments dynamic") {
    keep(try codec.decodeBody(of: Envelope.decode(envelope)).arguments.map { try $0.value() })
}
try measure("encode two Int + body + envelope") {
    var message = message
    let body = TaskBody(arguments: [try EncodedValue(encoding: 2), try EncodedValue(encoding: 3)])
    try codec.encode(body, into: &message)
    keep(Envelope.encode(message))
}
measure("  envelope alone") { keep(Envelope.encode(message)) }
try measure("  argsrepr and kwargsrepr of two Int") {
    keep(PythonRepr.arguments([try EncodedValue(encoding: 2), try EncodedValue(encoding: 3)]))
    keep(PythonRepr.keywords([]))
}
measure("  a new task id") { keep(TaskID.random()) }
try measure("decode a struct of five fields") { keep(try order.decode(as: Sample.Order.self)) }
try measure("encode a struct of five fields") { keep(try EncodedValue(encoding: Sample.Order.one)) }
try measure("decode a result, typed") {
    let meta = try codec.decodeMeta(resultBytes)
    if case .value(let value) = meta.outcome { keep(try value.decode(as: Int.self)) }
}
try measure("encode a result") { keep(try codec.encode(resultMeta)) }
try measure("msgpack body, decode") { keep(try MessagePackSerializer().decodeBody(packed, limits: .standard)) }

let decoder = JSONDecoder()
let encoder = JSONEncoder()
let envelopeData = Data(envelope)
let plain = try decoder.decode(Plain.Envelope.self, from: envelopeData)
let plainBody = try decoder.decode(Plain.Body.self, from: Data(base64Encoded: plain.body) ?? Data())
try measure("Foundation: decode envelope + base64 + body") {
    let envelope = try decoder.decode(Plain.Envelope.self, from: envelopeData)
    let body = try decoder.decode(Plain.Body.self, from: Data(base64Encoded: envelope.body) ?? Data())
    keep(body.arguments[0] + body.arguments[1])
}
try measure("Foundation: encode body + base64 + envelope") {
    var envelope = plain
    envelope.body = try encoder.encode(plainBody).base64EncodedString()
    keep(try encoder.encode(envelope))
}
try measure("Foundation: decode a struct of five fields") {
    keep(try decoder.decode(Sample.Order.self, from: orderJSON))
}
try measure("Foundation: encode a struct of five fields") { keep(try encoder.encode(Sample.Order.one)) }
