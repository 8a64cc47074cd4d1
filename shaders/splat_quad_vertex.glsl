#version 330 core

// A strip of four corners around what a Gaussian covers: a sheared box as small as the one along its axes.

layout(location = 0) in int splat; // in the order of drawing

uniform samplerBuffer splats; // place, shape, color of splat_project_vertex
uniform vec2 picture_size;

flat out vec4 place;
flat out vec4 shape;
flat out vec3 color;

const float MARGIN = 0.01; // pixels, for what rounding takes from the box

void main()
{
    place = texelFetch(splats, 3 * splat);
    shape = texelFetch(splats, 3 * splat + 1);
    color = texelFetch(splats, 3 * splat + 2).rgb;
    gl_Position = vec4(2.0, 2.0, 0.0, 1.0); // beside the picture
    if (!(place.w >= LOG_MIN_ALPHA))
        return;

    // Where the opacity has fallen to MIN_ALPHA.
    float reach = sqrt((place.w - LOG_MIN_ALPHA) * 2.0 / LOG2_E);
    vec2 deviations = sqrt(vec2(-0.5 * LOG2_E) / shape.yz);
    vec2 sides = reach * deviations + MARGIN;
    vec2 box = vec2(reach * length(vec2(deviations.x, shape.x * deviations.y)) + MARGIN, sides.y);
    if (any(greaterThan(abs(place.xy - 0.5 * picture_size), 0.5 * picture_size + box)))
        return;
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
    vec2 position = place.xy + vec2(corner.x * sides.x + shape.x * corner.y * sides.y, corner.y * sides.y);
    if (max(box.x, box.y) > 2.0 * max(picture_size.x, picture_size.y))
        // Corners very far away would be clipped with little precision.
        position = clamp(place.xy + corner * box, vec2(0.0), picture_size);
    gl_Position = vec4(2.0 * position / picture_size - 1.0, 0.0, 1.0);
}
