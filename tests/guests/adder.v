// A counter that is added to a delayed copy of itself: small, but it needs carry chains, registers and look-up tables.
module adder(input clk, input [3:0] step, output reg [7:0] out);
    reg [7:0] count = 0;
    reg [7:0] before = 0;
    always @(posedge clk) begin
        count <= count + step;
        before <= count;
        out <= (count + before) ^ {4'b0, step};
    end
endmodule
