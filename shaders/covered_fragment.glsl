#version 330 core

// Marks, by its depth alone, the pixels that take nothing more: step 6 of the picture model.

uniform sampler2D accumulated;

void main()
{
    if (1.0 - texelFetch(accumulated, ivec2(gl_FragCoord.xy), 0).a >= MIN_TRANSMITTANCE)
        discard;
}
