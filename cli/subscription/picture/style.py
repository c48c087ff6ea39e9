"""How the picture looks: light, dark, and on paper. Nothing is said by its colour alone."""

STYLE = """
.perennial { font: 13px/1.4 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
:root.perennial { display: block; width: 100%; max-width: 60rem; margin: 0 auto; }
.perennial .paper { fill: #ffffff; } .perennial text { fill: #1c2430; }
.perennial .heading { font-size: 18px; font-weight: 650; } .perennial .name { font-weight: 650; }
.perennial .quiet { fill: #566173; font-size: 12px; } .perennial .tick { fill: #566173; font-size: 11px; }
.perennial .sums { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.perennial .grid { stroke: #e4e8ee; } .perennial .today { stroke: #7a3db8; stroke-width: 1.5; }
.perennial .today-label { fill: #7a3db8; font-size: 11px; font-weight: 650; }
.perennial .band { stroke-width: 1; } .perennial .foreseen { stroke-dasharray: 4 3; }
.perennial .pending { fill: #eef1f5; stroke: #76818f; }
.perennial .trial { fill: #cfe3fb; stroke: #2a6ab0; } .perennial .trial.foreseen { fill: #ecf4fe; }
.perennial .active { fill: #9ed3b6; stroke: #2c7a55; } .perennial .active.foreseen { fill: #e3f3ea; }
.perennial .suspended { fill: #f8dda3; stroke: #a86a00; } .perennial .suspended.foreseen { fill: #fdf3dd; }
.perennial .hatch { stroke: #d9a441; stroke-width: 2; } .perennial .end { fill: #1c2430; stroke: none; }
.perennial .label { font-size: 12px; } .perennial .refund { fill: #2a6ab0; } .perennial .retention { fill: #b3261e; }
.perennial .leader { stroke: #8a94a3; } .perennial .number { fill: #1c2430; stroke: #1c2430; }
.perennial .number.to-come { fill: #ffffff; } .perennial .digits { fill: #ffffff; font-size: 10px; font-weight: 650; }
.perennial .digits.to-come { fill: #1c2430; } .perennial .other { stroke: #1c2430; }
.perennial .charge { stroke: #1c2430; fill: #1c2430; stroke-width: 1.5; }
.perennial .charge.to-come { stroke: #8a94a3; fill: #ffffff; } .perennial .credit { stroke: #b3261e; fill: #ffffff; }
@media screen and (prefers-color-scheme: dark) {
.perennial .paper { fill: #12161d; } .perennial text { fill: #e5e9f0; }
.perennial .quiet, .perennial .tick { fill: #a3adbb; } .perennial .sums { stroke: #12161d; }
.perennial .grid { stroke: #2a313c; }
.perennial .today { stroke: #c79bf2; } .perennial .today-label { fill: #c79bf2; }
.perennial .pending { fill: #242b36; stroke: #8d98a8; }
.perennial .trial { fill: #1d4573; stroke: #6fa8e6; } .perennial .trial.foreseen { fill: #16263a; }
.perennial .active { fill: #1f5e43; stroke: #58b58a; } .perennial .active.foreseen { fill: #15291f; }
.perennial .suspended { fill: #5c4310; stroke: #d8a23a; } .perennial .suspended.foreseen { fill: #2b2413; }
.perennial .hatch { stroke: #86631b; } .perennial .end { fill: #e5e9f0; }
.perennial .refund { fill: #6fa8e6; } .perennial .retention { fill: #f0857d; }
.perennial .leader { stroke: #6b7686; } .perennial .number { fill: #e5e9f0; stroke: #e5e9f0; }
.perennial .number.to-come { fill: #12161d; } .perennial .digits { fill: #12161d; }
.perennial .digits.to-come { fill: #e5e9f0; } .perennial .other { stroke: #e5e9f0; }
.perennial .charge { stroke: #e5e9f0; fill: #e5e9f0; } .perennial .charge.to-come { stroke: #8d98a8; fill: #12161d; }
.perennial .credit { stroke: #f0857d; fill: #12161d; }
}
@media print { .perennial { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
@page { size: A4; margin: 15mm; }
""".strip()
