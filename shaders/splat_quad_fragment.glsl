#version 330 core

// Step 5 of the picture model. Row 0 of the target is the top of the picture.

flat in vec4 place;
flat in vec4 shape;
flat in vec3 color;

uniform bool is_ring;

layout(location = 0) out vec4 accumulated; // colour times alpha, alpha
layout(location = 1) out vec4 deep;        // depth times alpha; alpha, which the blending needs

void main()
{
    float across = gl_FragCoord.y - place.y;
    float along = gl_FragCoord.x - place.x - shape.x * across;
    float power = place.w + shape.z * across * across + shape.y * along * along;
    if (!(power >= LOG_MIN_ALPHA))
        discard;
    float alpha = min(MAX_ALPHA, exp2(power));
    if (is_ring) {
        // The squared distance in standard deviations, and its gradient.
        float squared = (place.w - power) * 2.0 / LOG2_E;
        vec2 rise = vec2(shape.y * along, shape.z * across - shape.x * shape.y * along) * 4.0 / LOG2_E;
        float off = abs(squared - 1.0) / max(length(rise), 1e-20);
        alpha = min(MAX_ALPHA, exp2(place.w)) * clamp(0.5 * RING_WIDTH + 0.5 - off, 0.0, 1.0);
        if (!(alpha >= MIN_ALPHA))
            discard;
    }
    accumulated = vec4(color * alpha, alpha);
    deep = vec4(place.z * alpha, 0.0, 0.0, alpha);
}
