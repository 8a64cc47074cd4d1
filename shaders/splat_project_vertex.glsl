#version 330 core

// One point for each Gaussian: steps 1 to 4 of the picture model (core/rendering/renderer.py). What comes out is kept
// by transform feedback and read by the quads, so that nothing is computed once per corner.

layout(location = 0) in vec3 mean;
layout(location = 1) in vec3 covariance_x;  // xx, xy, xz
layout(location = 2) in vec3 covariance_yz; // yy, yz, zz
layout(location = 3) in float opacity;      // 0 for those that are left out
layout(location = 4) in vec4 rotation_wxyz; // world from the frame of the spherical harmonics
layout(location = 5) in vec3 adjugate_x;    // of the covariance: xx, xy, xz
layout(location = 6) in vec3 adjugate_yz;   // yy, yz, zz

uniform samplerBuffer harmonics; // three numbers for each coefficient
uniform int stored_coefficients; // per Gaussian in `harmonics`
uniform int num_coefficients;    // of them that count
uniform bool has_rotations;
uniform mat3 camera_from_world;
uniform vec3 eye;
uniform vec2 focal;
uniform vec2 center;
uniform vec4 view_limits; // least and greatest x / z, then y / z, that the Jacobian follows
uniform float near;
uniform float splat_scale;
uniform bool antialiased;

out vec4 place; // centre in pixels, depth in metres, log2 of the opacity
out vec4 shape; // slope of the rows' centres; factors of the squared distances along and across the rows
out vec4 color;

const float NOT_DRAWN = -1000.0;
const float BRIGHTEST = 60000.0; // what half floats hold

vec3 seen_along()
{
    vec3 direction = normalize(mean - eye);
    float squared = dot(rotation_wxyz, rotation_wxyz);
    if (!has_rotations || !(squared > 0.0))
        return direction;
    vec3 axis = rotation_wxyz.yzw;
    vec3 turn = (2.0 / squared) * cross(axis, direction);
    return direction - rotation_wxyz.x * turn + cross(axis, turn); // by the conjugate
}

vec3 coefficient(int index)
{
    int first = 3 * (gl_VertexID * stored_coefficients + index);
    return vec3(
        texelFetch(harmonics, first).r, texelFetch(harmonics, first + 1).r, texelFetch(harmonics, first + 2).r);
}

vec3 seen_color()
{
    vec3 sum = vec3(0.5) + SH_C0 * coefficient(0);
    if (num_coefficients > 1) {
        vec3 d = seen_along();
        sum += SH_C1 * (d.z * coefficient(2) - d.y * coefficient(1) - d.x * coefficient(3));
        if (num_coefficients > 4) {
            vec3 s = d * d;
            sum += SH_C2_PAIR * (d.x * d.y * coefficient(4) - d.y * d.z * coefficient(5) - d.x * d.z * coefficient(7));
            sum += SH_C2_AXIAL * (2.0 * s.z - s.x - s.y) * coefficient(6) + SH_C2_SECTOR * (s.x - s.y) * coefficient(8);
            if (num_coefficients > 9) {
                float tesseral = SH_C3_TESSERAL * (4.0 * s.z - s.x - s.y);
                sum -= SH_C3_SECTOR * d.y * (3.0 * s.x - s.y) * coefficient(9);
                sum += SH_C3_TRIPLE * d.x * d.y * d.z * coefficient(10);
                sum -= tesseral * (d.y * coefficient(11) + d.x * coefficient(13));
                sum += SH_C3_AXIAL * d.z * (2.0 * s.z - 3.0 * (s.x + s.y)) * coefficient(12);
                sum += SH_C3_PLANAR * d.z * (s.x - s.y) * coefficient(14);
                sum -= SH_C3_SECTOR * d.x * (s.x - 3.0 * s.y) * coefficient(15);
            }
        }
    }
    return clamp(sum, 0.0, BRIGHTEST);
}

void main()
{
    place = vec4(0.0, 0.0, 1.0, NOT_DRAWN);
    shape = color = vec4(0.0);
    gl_Position = vec4(0.0);
    if (!(opacity >= MIN_ALPHA))
        return;
    vec3 position = camera_from_world * (mean - eye);
    if (!(position.z > near))
        return;
    vec2 tangents = position.xy / position.z;
    vec2 middle = focal * tangents + center;
    if (!(abs(middle.x) <= MAX_PIXELS && abs(middle.y) <= MAX_PIXELS))
        return;

    vec2 limited = clamp(tangents, view_limits.xz, view_limits.yw);
    vec2 scale = splat_scale * focal / position.z;
    vec3 row_x = transpose(camera_from_world)[0], row_y = transpose(camera_from_world)[1];
    vec3 row_z = transpose(camera_from_world)[2];
    vec3 a = scale.x * (row_x - limited.x * row_z), b = scale.y * (row_y - limited.y * row_z);
    mat3 covariance = mat3(
        covariance_x, vec3(covariance_x.y, covariance_yz.xy), vec3(covariance_x.z, covariance_yz.yz));
    vec3 turned = covariance * a;
    float xx = dot(a, turned) + DILATION, xy = dot(b, turned), yy = dot(b, covariance * b) + DILATION;
    if (!(xx > 0.0 && xx <= MAX_PIXELS * MAX_PIXELS && yy > 0.0 && yy <= MAX_PIXELS * MAX_PIXELS))
        return;
    float slope = xy / yy;
    float variance_in_row = xx - slope * xy;
    if (!(variance_in_row > 0.0))
        return;

    float seen_opacity = min(opacity, 1.0);
    if (antialiased) {
        // The share of the area that the Gaussian had before it was dilated (Mip-Splatting, Yu et al. 2024). The bare
        // determinant by Cauchy and Binet: its two terms in S itself would cancel where a Gaussian is thin.
        mat3 adjugate = mat3(adjugate_x, vec3(adjugate_x.y, adjugate_yz.xy), vec3(adjugate_x.z, adjugate_yz.yz));
        vec3 across = cross(a, b);
        float bare = max(dot(across, adjugate * across), 0.0);
        seen_opacity *= sqrt(bare / (variance_in_row * yy));
        if (!(seen_opacity >= MIN_ALPHA))
            return;
    }
    place = vec4(middle, position.z, log2(seen_opacity));
    shape = vec4(slope, -0.5 * LOG2_E / variance_in_row, -0.5 * LOG2_E / yy, 0.0);
    color = vec4(seen_color(), 0.0);
}
