#version 330 core

// Step 7 of the picture model, as bytes for the screen. Colours are stored as they are shown: no gamma here.

uniform sampler2D accumulated;
uniform vec3 background;

layout(location = 0) out vec4 shown;

void main()
{
    vec4 sum = texelFetch(accumulated, ivec2(gl_FragCoord.xy), 0);
    shown = vec4(min(sum.rgb + (1.0 - sum.a) * background, 1.0), 1.0);
}
